//! Validated inputs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_git_host::{BranchName, GitHostError, Oid};
use sluice_schema::{PipelineId, RunId};

use crate::{PipelineRunError, model::MAX_REASON};

/// Runs a pipeline for a commit: the first attempt of the two.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunPipeline {
    /// The definition.
    pub pipeline_id: PipelineId,
    /// The commit, 40 hex digits; the one that the definition was generated for when neither it
    /// nor a branch is given.
    pub commit_sha: Option<String>,
    /// The branch whose head is built; excludes `commitSha`.
    pub branch: Option<String>,
    /// Variables of the run, up to 100; never secrets, as they are shown.
    pub variables: Option<BTreeMap<String, String>>,
}

/// Ends a run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CancelPipelineRun {
    /// The run.
    pub run_id: RunId,
    /// Why, up to 500 characters.
    pub reason: Option<String>,
}

/// Tries the commit of a run that did not succeed once more.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetryPipelineRun {
    /// The run to repeat; it stays as it is.
    pub run_id: RunId,
}

/// Which commit a [`RunPipeline`] asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    Commit(Oid),
    Head(BranchName),
    Generated,
}

const MAX_VARIABLES: usize = 100;
const MAX_NAME: usize = 128;
const MAX_VALUE: usize = 4 * 1024;
// The runner gives these itself.
const RESERVED: [&str; 7] = [
    "agent.",
    "build.",
    "common.",
    "environment.",
    "pipeline.",
    "resources.",
    "system.",
];
const RESERVED_NAMES: [&str; 2] = ["ci", "tf_build"];

impl RunPipeline {
    /// Checks every field.
    pub(crate) fn validate(&self) -> Result<Wanted, PipelineRunError> {
        for (name, value) in self.variables.iter().flatten() {
            check_variable(name, value)?;
        }
        if self.variables.iter().flatten().count() > MAX_VARIABLES {
            let rule = format!("a run has at most {MAX_VARIABLES} variables");
            return Err(PipelineRunError::invalid("variables", rule));
        }
        let refused =
            |field| move |error: GitHostError| PipelineRunError::invalid(field, error.to_string());
        match (&self.commit_sha, &self.branch) {
            (Some(_), Some(_)) => {
                let rule = "commitSha and branch exclude each other";
                Err(PipelineRunError::invalid("branch", rule))
            }
            (Some(sha), None) => Ok(Wanted::Commit(sha.parse().map_err(refused("commitSha"))?)),
            (None, Some(branch)) => Ok(Wanted::Head(branch.parse().map_err(refused("branch"))?)),
            (None, None) => Ok(Wanted::Generated),
        }
    }
}

fn check_variable(name: &str, value: &str) -> Result<(), PipelineRunError> {
    let refused = |rule: String| {
        let shown: String = name.chars().take(MAX_NAME).collect();
        Err(PipelineRunError::invalid(
            format!("variables[{shown}]"),
            rule,
        ))
    };
    let mut characters = name.chars();
    let first = characters
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if !first || !characters.all(plain) || name.len() > MAX_NAME {
        return refused(format!(
            "a variable's name must be 1 to {MAX_NAME} letters, digits, '_', '.' or '-' and \
             start with a letter or '_'"
        ));
    }
    let lower = name.to_ascii_lowercase();
    if RESERVED_NAMES.contains(&lower.as_str())
        || RESERVED.iter().any(|prefix| lower.starts_with(prefix))
    {
        return refused("this name is reserved for the runner".to_owned());
    }
    if value.len() > MAX_VALUE || value.contains('\0') {
        return refused(format!(
            "a variable's value must have at most {MAX_VALUE} bytes and no NUL"
        ));
    }
    Ok(())
}

impl CancelPipelineRun {
    pub(crate) fn validate(&self) -> Result<(), PipelineRunError> {
        match &self.reason {
            Some(text) if text.chars().count() > MAX_REASON => Err(PipelineRunError::invalid(
                "reason",
                format!("reason must have at most {MAX_REASON} characters"),
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> RunPipeline {
        RunPipeline {
            pipeline_id: sluice_schema::TypedId::generate(),
            commit_sha: None,
            branch: None,
            variables: None,
        }
    }

    fn field_of(command: &RunPipeline) -> String {
        match command.validate() {
            Err(PipelineRunError::Invalid { field, .. }) => field,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_commit_and_a_branch_exclude_each_other() {
        let both = RunPipeline {
            commit_sha: Some("a".repeat(40)),
            branch: Some("main".to_owned()),
            ..command()
        };
        assert_eq!(field_of(&both), "branch");
        assert_eq!(command().validate().unwrap(), Wanted::Generated);
    }

    #[test]
    fn what_is_no_commit_or_branch_names_its_field() {
        let commit = RunPipeline {
            commit_sha: Some("main".to_owned()),
            ..command()
        };
        assert_eq!(field_of(&commit), "commitSha");
        let branch = RunPipeline {
            branch: Some("a..b".to_owned()),
            ..command()
        };
        assert_eq!(field_of(&branch), "branch");
    }

    #[test]
    fn variables_that_the_runner_gives_itself_or_cannot_hold_are_refused() {
        for (name, value) in [
            ("Build.SourceVersion", "x"),
            ("SYSTEM.debug", "x"),
            ("CI", "x"),
            ("a b", "x"),
            ("1a", "x"),
            ("", "x"),
            ("a", "x\0"),
            ("a", &"x".repeat(5_000)),
        ] {
            let variables = [(name.to_owned(), value.to_owned())].into();
            let with = RunPipeline {
                variables: Some(variables),
                ..command()
            };
            assert_eq!(field_of(&with), format!("variables[{name}]"));
        }
        let many = (0..101).map(|i| (format!("v{i}"), String::new())).collect();
        let with = RunPipeline {
            variables: Some(many),
            ..command()
        };
        assert_eq!(field_of(&with), "variables");
    }
}

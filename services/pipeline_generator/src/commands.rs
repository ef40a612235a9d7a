//! Validated inputs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_git_host::{BranchName, GitHostError, Oid};
use sluice_schema::RepositoryId;

use crate::{PIPELINES_BRANCH, PipelineError};

/// Generates the pipeline of a commit's `module.yaml`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GeneratePipeline {
    /// The repository.
    pub repository_id: RepositoryId,
    /// The branch that the commit stands on; the default branch when absent.
    pub branch: Option<String>,
    /// A commit of that branch, 40 hexadecimal digits; the branch's head when absent.
    pub commit_sha: Option<String>,
}

impl GeneratePipeline {
    pub(crate) fn validate(&self) -> Result<(Option<BranchName>, Option<Oid>), PipelineError> {
        let branch = self.branch.as_deref().map(branch_name).transpose()?;
        let commit = self.commit_sha.as_deref().map(commit_id).transpose()?;
        Ok((branch, commit))
    }
}

fn branch_name(name: &str) -> Result<BranchName, PipelineError> {
    if name == PIPELINES_BRANCH {
        let rule = format!("{PIPELINES_BRANCH} holds pipelines, not modules");
        return Err(PipelineError::invalid("branch", rule));
    }
    name.parse().map_err(|error: GitHostError| match error {
        GitHostError::InvalidName { rule, .. } => {
            PipelineError::invalid("branch", format!("branch is not a branch name: {rule}"))
        }
        other => other.into(),
    })
}

fn commit_id(text: &str) -> Result<Oid, PipelineError> {
    let rule = "commitSha must be 40 hexadecimal digits";
    text.parse()
        .map_err(|_| PipelineError::invalid("commitSha", rule))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_kernel::Fault;
    use sluice_schema::TypedId;

    #[test]
    fn bad_input_names_the_field() {
        let refused = |branch: Option<&str>, commit: Option<&str>| {
            let command = GeneratePipeline {
                repository_id: RepositoryId::generate(),
                branch: branch.map(str::to_owned),
                commit_sha: commit.map(str::to_owned),
            };
            command.validate().err().and_then(|error| error.field())
        };
        assert_eq!(refused(Some("main"), Some(&"a".repeat(40))), None);
        assert_eq!(refused(Some("a b"), None).as_deref(), Some("branch"));
        let own = refused(Some(PIPELINES_BRANCH), None);
        assert_eq!(own.as_deref(), Some("branch"));
        for bad in ["", "abc", "main", &"g".repeat(40)] {
            assert_eq!(refused(None, Some(bad)).as_deref(), Some("commitSha"));
        }
    }
}

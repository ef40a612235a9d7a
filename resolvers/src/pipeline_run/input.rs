//! What callers say about runs.

use std::collections::BTreeMap;

use async_graphql::{ID, InputObject};
use sluice_pipeline_execution as service;

use super::{RunOutcome, RunStatus};
use crate::fault::{InputFault, id, optional_id, optional_name};

/// Which runs a list shows; absent fields do not restrict.
#[derive(InputObject, Debug, Clone, Default)]
pub struct PipelineRunFilter {
    /// Of this project.
    pub project_id: Option<ID>,
    /// Of this definition.
    pub pipeline_id: Option<ID>,
    /// Of this repository.
    pub repository_id: Option<ID>,
    /// Of this branch.
    pub branch: Option<String>,
    /// Of this commit.
    pub commit_sha: Option<String>,
    /// Of this status.
    pub status: Option<RunStatus>,
    /// That ended so.
    pub outcome: Option<RunOutcome>,
}

impl TryFrom<PipelineRunFilter> for service::PipelineRunFilter {
    type Error = InputFault;
    fn try_from(filter: PipelineRunFilter) -> Result<Self, InputFault> {
        Ok(Self {
            project_id: optional_name("filter.projectId", filter.project_id.as_ref())?,
            pipeline_id: optional_id("filter.pipelineId", filter.pipeline_id.as_ref())?,
            repository_id: optional_id("filter.repositoryId", filter.repository_id.as_ref())?,
            branch: filter.branch,
            commit_sha: filter.commit_sha,
            status: filter.status.map(Into::into),
            outcome: filter.outcome.map(Into::into),
        })
    }
}

/// A variable for a run; never a secret, as it is shown.
#[derive(InputObject, Debug, Clone)]
pub struct RunVariableInput {
    /// Its name: letters, digits, `_`, `.` and `-`.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Runs a pipeline for a commit: the first attempt of the two, which are its natural key.
#[derive(InputObject, Debug, Clone)]
pub struct RunPipelineInput {
    /// The definition.
    pub pipeline_id: ID,
    /// The commit, 40 hex digits; the one that the definition was generated for when neither it
    /// nor a branch is given.
    pub commit_sha: Option<String>,
    /// The branch whose head is built; not together with `commitSha`.
    pub branch: Option<String>,
    /// Variables of the run, up to 100.
    pub variables: Option<Vec<RunVariableInput>>,
}

impl TryFrom<RunPipelineInput> for service::RunPipeline {
    type Error = InputFault;
    fn try_from(input: RunPipelineInput) -> Result<Self, InputFault> {
        Ok(Self {
            pipeline_id: id("pipelineId", &input.pipeline_id)?,
            commit_sha: input.commit_sha,
            branch: input.branch,
            variables: input.variables.map(by_name).transpose()?,
        })
    }
}

fn by_name(variables: Vec<RunVariableInput>) -> Result<BTreeMap<String, String>, InputFault> {
    let mut named = BTreeMap::new();
    for (index, variable) in variables.into_iter().enumerate() {
        if named.insert(variable.name, variable.value).is_some() {
            let field = format!("variables[{index}].name");
            return Err(InputFault::new(field, "must be given once"));
        }
    }
    Ok(named)
}

/// Ends a run.
#[derive(InputObject, Debug, Clone)]
pub struct CancelPipelineRunInput {
    /// The run.
    pub run_id: ID,
    /// Why, up to 500 characters.
    pub reason: Option<String>,
}

impl TryFrom<CancelPipelineRunInput> for service::CancelPipelineRun {
    type Error = InputFault;
    fn try_from(input: CancelPipelineRunInput) -> Result<Self, InputFault> {
        Ok(Self {
            run_id: id("runId", &input.run_id)?,
            reason: input.reason,
        })
    }
}

/// Tries the commit of a run that ended without success once more.
#[derive(InputObject, Debug, Clone)]
pub struct RetryPipelineRunInput {
    /// The run to repeat; it stays as it is.
    pub run_id: ID,
}

impl TryFrom<RetryPipelineRunInput> for service::RetryPipelineRun {
    type Error = InputFault;
    fn try_from(input: RetryPipelineRunInput) -> Result<Self, InputFault> {
        Ok(Self {
            run_id: id("runId", &input.run_id)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_schema::Fault;

    #[test]
    fn a_variable_that_is_given_twice_is_named_by_its_place() {
        let variable = |name: &str| RunVariableInput {
            name: name.to_owned(),
            value: "1".to_owned(),
        };
        let refused = by_name(vec![variable("a"), variable("b"), variable("a")]).unwrap_err();
        assert_eq!(refused.field().as_deref(), Some("variables[2].name"));
        assert_eq!(
            by_name(vec![variable("a"), variable("b")]).unwrap().len(),
            2
        );
    }
}

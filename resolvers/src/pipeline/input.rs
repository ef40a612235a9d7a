//! What callers say about pipeline definitions.

use async_graphql::{ID, InputObject};
use sluice_pipeline_generator as service;

use super::PipelineStatus;
use crate::fault::{InputFault, id, optional_id, optional_name};

/// Which definitions a list shows; absent fields do not restrict.
#[derive(InputObject, Debug, Clone, Default)]
pub struct PipelineFilter {
    /// Of this project.
    pub project_id: Option<ID>,
    /// Of this module.
    pub module_id: Option<ID>,
    /// Of this repository.
    pub repository_id: Option<ID>,
    /// Last generated for this branch.
    pub branch: Option<String>,
    /// Last generated for this commit.
    pub commit_sha: Option<String>,
    /// Of this status.
    pub status: Option<PipelineStatus>,
}

impl TryFrom<PipelineFilter> for service::PipelineFilter {
    type Error = InputFault;
    fn try_from(filter: PipelineFilter) -> Result<Self, InputFault> {
        Ok(Self {
            project_id: optional_name("filter.projectId", filter.project_id.as_ref())?,
            module_id: optional_name("filter.moduleId", filter.module_id.as_ref())?,
            repository_id: optional_id("filter.repositoryId", filter.repository_id.as_ref())?,
            branch: filter.branch,
            commit_sha: filter.commit_sha,
            status: filter.status.map(Into::into),
        })
    }
}

/// Generates the pipeline of a commit's `module.yaml`. The repository and the content are its
/// natural key.
#[derive(InputObject, Debug, Clone)]
pub struct GeneratePipelineInput {
    /// The repository.
    pub repository_id: ID,
    /// The branch that the commit stands on; the default branch when absent.
    pub branch: Option<String>,
    /// A commit of that branch, 40 hexadecimal digits; the branch's head when absent.
    pub commit_sha: Option<String>,
}

impl TryFrom<GeneratePipelineInput> for service::GeneratePipeline {
    type Error = InputFault;
    fn try_from(input: GeneratePipelineInput) -> Result<Self, InputFault> {
        Ok(Self {
            repository_id: id("repositoryId", &input.repository_id)?,
            branch: input.branch,
            commit_sha: input.commit_sha,
        })
    }
}

//! What callers say about synchronisations.

use async_graphql::{ID, InputObject};
use sluice_gitops_sync as service;

use super::{HealthStatus, SyncOperation, SyncStatus};
use crate::fault::{InputFault, id, optional_id, optional_name};

/// Which synchronisations a list shows; absent fields do not restrict.
#[derive(InputObject, Debug, Clone, Default)]
pub struct GitOpsSyncFilter {
    /// Of this project.
    pub project_id: Option<ID>,
    /// Of this environment.
    pub environment_id: Option<ID>,
    /// Of environments of this name.
    pub environment: Option<String>,
    /// Of this module.
    pub module: Option<String>,
    /// With this sync status.
    pub sync: Option<SyncStatus>,
    /// With this health.
    pub health: Option<HealthStatus>,
    /// With this operation.
    pub operation: Option<SyncOperation>,
}

impl TryFrom<GitOpsSyncFilter> for service::SyncFilter {
    type Error = InputFault;
    fn try_from(filter: GitOpsSyncFilter) -> Result<Self, InputFault> {
        let environment_id = filter.environment_id.as_ref();
        Ok(Self {
            project_id: optional_name("filter.projectId", filter.project_id.as_ref())?,
            environment_id: optional_id("filter.environmentId", environment_id)?,
            environment: filter.environment,
            module: filter.module,
            sync: filter.sync.map(Into::into),
            health: filter.health.map(Into::into),
            operation: filter.operation.map(Into::into),
        })
    }
}

/// Brings a target to what Git declares, now. Named by `syncId` alone, by `environmentId` and
/// `module`, or by `projectId`, `environment` and `module`.
#[derive(InputObject, Debug, Clone)]
pub struct SyncGitOpsInput {
    /// The synchronisation.
    pub sync_id: Option<ID>,
    /// Its environment.
    pub environment_id: Option<ID>,
    /// Its project.
    pub project_id: Option<ID>,
    /// Its environment's name.
    pub environment: Option<String>,
    /// Its module.
    pub module: Option<String>,
    /// Whether objects that are no longer declared are removed; they are when absent.
    pub prune: Option<bool>,
    /// Whether everything may be removed when Git declares nothing; it may not when absent.
    pub allow_empty: Option<bool>,
}

impl TryFrom<SyncGitOpsInput> for service::SyncGitOps {
    type Error = InputFault;
    fn try_from(input: SyncGitOpsInput) -> Result<Self, InputFault> {
        Ok(Self {
            sync_id: optional_id("syncId", input.sync_id.as_ref())?,
            environment_id: optional_id("environmentId", input.environment_id.as_ref())?,
            project_id: optional_name("projectId", input.project_id.as_ref())?,
            environment: input.environment,
            module: input.module,
            prune: input.prune,
            allow_empty: input.allow_empty,
        })
    }
}

/// Stops automatic synchronisation and healing.
#[derive(InputObject, Debug, Clone)]
pub struct PauseGitOpsInput {
    /// The synchronisation.
    pub sync_id: ID,
    /// Why, 1 to 500 characters.
    pub reason: String,
}

impl TryFrom<PauseGitOpsInput> for service::PauseGitOps {
    type Error = InputFault;
    fn try_from(input: PauseGitOpsInput) -> Result<Self, InputFault> {
        Ok(Self {
            sync_id: id("syncId", &input.sync_id)?,
            reason: input.reason,
        })
    }
}

/// Starts automatic synchronisation and healing again.
#[derive(InputObject, Debug, Clone)]
pub struct ResumeGitOpsInput {
    /// The synchronisation.
    pub sync_id: ID,
}

impl TryFrom<ResumeGitOpsInput> for service::ResumeGitOps {
    type Error = InputFault;
    fn try_from(input: ResumeGitOpsInput) -> Result<Self, InputFault> {
        Ok(Self {
            sync_id: id("syncId", &input.sync_id)?,
        })
    }
}

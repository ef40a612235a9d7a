//! Validated inputs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_schema::{EnvironmentId, ProjectId, SyncId};

use crate::GitOpsSyncError;

/// Brings a target to what Git declares, now. Named by `syncId`, or by `module` with
/// `environmentId` or with `projectId` and `environment`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SyncGitOps {
    /// The synchronisation.
    pub sync_id: Option<SyncId>,
    /// Its environment.
    pub environment_id: Option<EnvironmentId>,
    /// Its project.
    pub project_id: Option<ProjectId>,
    /// Its environment's name.
    pub environment: Option<String>,
    /// Its module.
    pub module: Option<String>,
    /// Whether objects that are no longer declared are removed; they are when absent.
    pub prune: Option<bool>,
    /// Whether everything may be removed when Git declares nothing; it may not when absent.
    pub allow_empty: Option<bool>,
}

/// Stops automatic synchronisation and healing.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PauseGitOps {
    /// The synchronisation.
    pub sync_id: SyncId,
    /// Why, 1 to 500 characters.
    pub reason: String,
}

/// Starts automatic synchronisation and healing again.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResumeGitOps {
    /// The synchronisation.
    pub sync_id: SyncId,
}

/// How a command names a synchronisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named<'c> {
    Id(SyncId),
    InEnvironment(EnvironmentId, &'c str),
    InProject(&'c ProjectId, &'c str, &'c str),
}

impl SyncGitOps {
    /// That one.
    pub fn of(sync_id: SyncId) -> Self {
        Self {
            sync_id: Some(sync_id),
            ..Self::default()
        }
    }

    pub(crate) fn named(&self) -> Result<Named<'_>, GitOpsSyncError> {
        let by_name = (
            self.environment_id,
            self.project_id.as_ref(),
            self.environment.as_deref(),
            self.module.as_deref(),
        );
        match (self.sync_id, by_name) {
            (Some(id), (None, None, None, None)) => Ok(Named::Id(id)),
            (None, (Some(id), None, None, Some(module))) => Ok(Named::InEnvironment(id, module)),
            (None, (None, Some(project), Some(environment), Some(module))) => {
                Ok(Named::InProject(project, environment, module))
            }
            _ => Err(GitOpsSyncError::invalid(
                "syncId",
                "name the synchronisation by syncId alone, by environmentId and module, or by projectId, environment and module",
            )),
        }
    }
}

impl PauseGitOps {
    pub(crate) fn reason(&self) -> Result<&str, GitOpsSyncError> {
        let reason = self.reason.trim();
        if reason.is_empty() || reason.chars().count() > 500 {
            let rule = "reason must have 1 to 500 characters";
            return Err(GitOpsSyncError::invalid("reason", rule));
        }
        Ok(reason)
    }
}

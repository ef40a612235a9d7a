//! Validated inputs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_schema::{EnvironmentId, InfrastructureId, ProjectId, ReleaseId};

use crate::InfrastructureError;

/// Tells what provisioning would change.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanInfrastructure {
    /// The release that declares the resources.
    pub release_id: ReleaseId,
    /// The environment; this or `environment`.
    pub environment_id: Option<EnvironmentId>,
    /// The environment's name; this or `environmentId`.
    pub environment: Option<String>,
    /// The module, when several of the release declare resources.
    pub module: Option<String>,
}

/// Provisions a plan, or what a release declares for an environment.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProvisionInfrastructure {
    /// A plan, provisioned as it stands or refused; this or `releaseId`.
    pub plan_id: Option<InfrastructureId>,
    /// The release, planned when it is not; this or `planId`.
    pub release_id: Option<ReleaseId>,
    /// With `releaseId`, the environment; this or `environment`.
    pub environment_id: Option<EnvironmentId>,
    /// With `releaseId`, the environment's name; this or `environmentId`.
    pub environment: Option<String>,
    /// With `releaseId`, the module, when several of the release declare resources.
    pub module: Option<String>,
}

/// Deletes everything that a module has in an environment.
#[derive(Debug, Clone)]
pub struct DestroyInfrastructure {
    /// The project.
    pub project_id: ProjectId,
    /// The environment's name.
    pub environment: String,
    /// The module.
    pub module: String,
    /// The module's name once more, so that nobody does this by accident.
    pub confirm: String,
}

/// Compares a module's stack in an environment with what is there.
#[derive(Debug, Clone)]
pub struct RefreshInfrastructure {
    /// The project.
    pub project_id: ProjectId,
    /// The environment's name.
    pub environment: String,
    /// The module.
    pub module: String,
}

/// An environment as a command names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EnvironmentKey<'c> {
    Id(EnvironmentId),
    Name(&'c str),
}

/// What a provisioning is of.
#[derive(Debug, Clone)]
pub(crate) enum Provisioning {
    Plan(InfrastructureId),
    Release(PlanInfrastructure),
}

impl PlanInfrastructure {
    pub(crate) fn environment(&self) -> Result<EnvironmentKey<'_>, InfrastructureError> {
        match (self.environment_id, self.environment.as_deref()) {
            (Some(id), None) => Ok(EnvironmentKey::Id(id)),
            (None, Some(name)) if !name.is_empty() => Ok(EnvironmentKey::Name(name)),
            (None, _) => {
                let rule = "give the environment by environmentId or by name";
                Err(InfrastructureError::invalid("environment", rule))
            }
            (Some(_), Some(_)) => {
                let rule = "give either environmentId or environment, not both";
                Err(InfrastructureError::invalid("environment", rule))
            }
        }
    }
}

impl ProvisionInfrastructure {
    pub(crate) fn what(self) -> Result<Provisioning, InfrastructureError> {
        let others =
            self.environment_id.is_some() || self.environment.is_some() || self.module.is_some();
        match (self.plan_id, self.release_id) {
            (Some(plan), None) if !others => Ok(Provisioning::Plan(plan)),
            (None, Some(release_id)) => Ok(Provisioning::Release(PlanInfrastructure {
                release_id,
                environment_id: self.environment_id,
                environment: self.environment,
                module: self.module,
            })),
            (Some(_), _) => {
                let rule =
                    "planId stands for itself: give no release, environment or module with it";
                Err(InfrastructureError::invalid("planId", rule))
            }
            (None, None) => {
                let rule = "give a plan by planId, or releaseId and an environment";
                Err(InfrastructureError::invalid("releaseId", rule))
            }
        }
    }
}

impl DestroyInfrastructure {
    pub(crate) fn validate(&self) -> Result<(), InfrastructureError> {
        if self.confirm == self.module {
            return Ok(());
        }
        let rule = format!("confirm must be the module's name, {}", self.module);
        Err(InfrastructureError::invalid("confirm", rule))
    }
}

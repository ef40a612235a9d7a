//! What callers say about infrastructure.

use async_graphql::{ID, InputObject};
use sluice_iac_provisioning as service;

use super::InfrastructureStatus;
use crate::fault::{InputFault, id, name, optional_id, optional_name};

/// Which plans of infrastructure a list shows; absent fields do not restrict.
#[derive(InputObject, Debug, Clone, Default)]
pub struct InfrastructurePlanFilter {
    /// Of this project.
    pub project_id: Option<ID>,
    /// Of this release.
    pub release_id: Option<ID>,
    /// For this environment.
    pub environment_id: Option<ID>,
    /// For environments of this name.
    pub environment: Option<String>,
    /// Of this module.
    pub module: Option<String>,
    /// Of this repository.
    pub repository_id: Option<ID>,
    /// Of this commit.
    pub commit_sha: Option<String>,
    /// Of this status.
    pub status: Option<InfrastructureStatus>,
}

impl TryFrom<InfrastructurePlanFilter> for service::InfrastructureFilter {
    type Error = InputFault;
    fn try_from(filter: InfrastructurePlanFilter) -> Result<Self, InputFault> {
        let environment_id = filter.environment_id.as_ref();
        Ok(Self {
            project_id: optional_name("filter.projectId", filter.project_id.as_ref())?,
            release_id: optional_id("filter.releaseId", filter.release_id.as_ref())?,
            environment_id: optional_id("filter.environmentId", environment_id)?,
            environment: filter.environment,
            module: filter.module,
            repository_id: optional_id("filter.repositoryId", filter.repository_id.as_ref())?,
            commit_sha: filter.commit_sha,
            status: filter.status.map(Into::into),
        })
    }
}

/// Tells what provisioning would change. Release, environment, module and the content of
/// `infra.yaml` are the plan's natural key.
#[derive(InputObject, Debug, Clone)]
pub struct PlanInfrastructureInput {
    /// The release that declares the resources.
    pub release_id: ID,
    /// The environment; or else `environment`.
    pub environment_id: Option<ID>,
    /// The environment's name in the release's project.
    pub environment: Option<String>,
    /// The module, when several of the release declare resources.
    pub module: Option<String>,
}

impl TryFrom<PlanInfrastructureInput> for service::PlanInfrastructure {
    type Error = InputFault;
    fn try_from(input: PlanInfrastructureInput) -> Result<Self, InputFault> {
        Ok(Self {
            release_id: id("releaseId", &input.release_id)?,
            environment_id: optional_id("environmentId", input.environment_id.as_ref())?,
            environment: input.environment,
            module: input.module,
        })
    }
}

/// Carries out a plan, or what a release declares for an environment.
#[derive(InputObject, Debug, Clone)]
pub struct ProvisionInfrastructureInput {
    /// A plan, carried out as it stands or refused; or else `releaseId` and an environment.
    pub plan_id: Option<ID>,
    /// The release, planned when it is not yet.
    pub release_id: Option<ID>,
    /// With `releaseId`, the environment; or else `environment`.
    pub environment_id: Option<ID>,
    /// With `releaseId`, the environment's name.
    pub environment: Option<String>,
    /// With `releaseId`, the module, when several of the release declare resources.
    pub module: Option<String>,
}

impl TryFrom<ProvisionInfrastructureInput> for service::ProvisionInfrastructure {
    type Error = InputFault;
    fn try_from(input: ProvisionInfrastructureInput) -> Result<Self, InputFault> {
        Ok(Self {
            plan_id: optional_id("planId", input.plan_id.as_ref())?,
            release_id: optional_id("releaseId", input.release_id.as_ref())?,
            environment_id: optional_id("environmentId", input.environment_id.as_ref())?,
            environment: input.environment,
            module: input.module,
        })
    }
}

/// Compares a module's resources in an environment with what is there.
#[derive(InputObject, Debug, Clone)]
pub struct RefreshInfrastructureInput {
    /// The project.
    pub project_id: ID,
    /// The environment's name.
    pub environment: String,
    /// The module.
    pub module: String,
}

impl TryFrom<RefreshInfrastructureInput> for service::RefreshInfrastructure {
    type Error = InputFault;
    fn try_from(input: RefreshInfrastructureInput) -> Result<Self, InputFault> {
        Ok(Self {
            project_id: name("projectId", &input.project_id)?,
            environment: input.environment,
            module: input.module,
        })
    }
}

/// Deletes everything that a module has in an environment.
#[derive(InputObject, Debug, Clone)]
pub struct DestroyInfrastructureInput {
    /// The project.
    pub project_id: ID,
    /// The environment's name.
    pub environment: String,
    /// The module.
    pub module: String,
    /// The module's name once more, so that nobody does this by accident.
    pub confirm: String,
}

impl TryFrom<DestroyInfrastructureInput> for service::DestroyInfrastructure {
    type Error = InputFault;
    fn try_from(input: DestroyInfrastructureInput) -> Result<Self, InputFault> {
        Ok(Self {
            project_id: name("projectId", &input.project_id)?,
            environment: input.environment,
            module: input.module,
            confirm: input.confirm,
        })
    }
}

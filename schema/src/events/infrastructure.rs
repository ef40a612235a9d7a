//! Events of the infrastructure provisioning service.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::payload;
use crate::{EnvironmentId, InfrastructureId, ReleaseId, RepositoryId};

/// How many resources a plan treats how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceChanges {
    /// Made.
    pub create: u32,
    /// Changed in place.
    pub update: u32,
    /// Made anew.
    pub replace: u32,
    /// Removed.
    pub delete: u32,
    /// Left alone.
    pub same: u32,
}

/// It is known what provisioning would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InfrastructurePlanned {
    /// The plan.
    pub infrastructure_id: InfrastructureId,
    /// The release that declares the resources.
    pub release_id: ReleaseId,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The environment's name.
    pub environment: String,
    /// The module that declares the resources.
    pub module: String,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// The commit whose `infra.yaml` it is.
    pub commit_sha: String,
    /// `sha256:<hex>` of the program with its settings.
    pub program_digest: String,
    /// Serial of the state that the plan was made against.
    pub state_serial: u64,
    /// What it would change.
    pub changes: ResourceChanges,
}
payload!(InfrastructurePlanned on "InfrastructurePlan" by infrastructure_id);

/// The declared resources exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InfrastructureProvisioned {
    /// The plan.
    pub infrastructure_id: InfrastructureId,
    /// The release that declares the resources.
    pub release_id: ReleaseId,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The environment's name.
    pub environment: String,
    /// The module that declares the resources.
    pub module: String,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// The commit whose `infra.yaml` it is.
    pub commit_sha: String,
    /// `sha256:<hex>` of the program with its settings.
    pub program_digest: String,
    /// Serial of the state now.
    pub state_serial: u64,
    /// What was changed.
    pub changes: ResourceChanges,
    /// What exists now, at most 2,000 resources: URN with the `sha256:<hex>` of the declared inputs,
    /// in which every secret counts as `[secret]`.
    #[serde(default)]
    pub resources: BTreeMap<String, String>,
}
payload!(InfrastructureProvisioned on "InfrastructurePlan" by infrastructure_id);

/// Planning or provisioning did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InfrastructureFailed {
    /// The plan.
    pub infrastructure_id: InfrastructureId,
    /// The release that declares the resources.
    pub release_id: ReleaseId,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The environment's name.
    pub environment: String,
    /// The module that declares the resources.
    pub module: String,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// The commit whose `infra.yaml` it is.
    pub commit_sha: String,
    /// `sha256:<hex>` of the program with its settings.
    pub program_digest: String,
    /// The error code.
    pub code: String,
    /// One line that says why.
    pub reason: String,
    /// The resource that failed.
    pub urn: Option<String>,
}
payload!(InfrastructureFailed on "InfrastructurePlan" by infrastructure_id);

//! Events of the environment promotion service.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::payload;
use crate::{Blocker, EnvironmentId, ManifestId, PromotionId, ReleaseId, RepositoryId};

/// What an environment declares of one module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotedItem {
    /// The module.
    pub module: String,
    /// The manifest.
    pub manifest_id: ManifestId,
    /// `sha256:<hex>` of its objects.
    pub manifest_digest: String,
    /// Its folder in the GitOps repository.
    pub path: String,
}

/// A promotion was asked for; it runs, or waits for its gates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionRequested {
    /// The promotion.
    pub promotion_id: PromotionId,
    /// The release.
    pub release_id: ReleaseId,
    /// The release's version.
    pub version: String,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The environment's name.
    pub environment: String,
    /// Attempt for this release and environment, from 1.
    pub attempt: u32,
    /// `PROMOTION` or `ROLLBACK`.
    pub kind: String,
    /// Whether the environment promotes by itself.
    pub automatic: bool,
    /// `REQUESTED` or `GATED`.
    pub status: String,
    /// What it waits for.
    pub blockers: Vec<Blocker>,
}
payload!(PromotionRequested on "EnvironmentPromotion" by promotion_id);

/// Git declares the release in the environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentPromoted {
    /// The promotion.
    pub promotion_id: PromotionId,
    /// The release.
    pub release_id: ReleaseId,
    /// The release's version.
    pub version: String,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The environment's name.
    pub environment: String,
    /// Attempt for this release and environment, from 1.
    pub attempt: u32,
    /// `PROMOTION` or `ROLLBACK`.
    pub kind: String,
    /// What is declared, one entry per module.
    pub items: Vec<PromotedItem>,
    /// The project's GitOps repository.
    pub gitops_repository_id: RepositoryId,
    /// Its name.
    pub gitops_repository: String,
    /// The branch that environments follow.
    pub branch: String,
    /// The commit that declares it.
    pub commit_sha: String,
    /// The promotion that was current before.
    pub previous: Option<PromotionId>,
    /// The promotion that a rollback leaves.
    pub rollback_of: Option<PromotionId>,
}
payload!(DeploymentPromoted on "EnvironmentPromotion" by promotion_id);

/// The release runs in the environment: synchronised and healthy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionSucceeded {
    /// The promotion.
    pub promotion_id: PromotionId,
    /// The release.
    pub release_id: ReleaseId,
    /// The release's version.
    pub version: String,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The environment's name.
    pub environment: String,
    /// Attempt for this release and environment, from 1.
    pub attempt: u32,
    /// `PROMOTION` or `ROLLBACK`.
    pub kind: String,
    /// The commit that declares it.
    pub commit_sha: String,
    /// The modules that run it.
    #[serde(default)]
    pub modules: Vec<String>,
}
payload!(PromotionSucceeded on "EnvironmentPromotion" by promotion_id);

/// A promotion ended without success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionFailed {
    /// The promotion.
    pub promotion_id: PromotionId,
    /// The release.
    pub release_id: ReleaseId,
    /// The release's version.
    pub version: String,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The environment's name.
    pub environment: String,
    /// Attempt for this release and environment, from 1.
    pub attempt: u32,
    /// `PROMOTION` or `ROLLBACK`.
    pub kind: String,
    /// `FAILED`, `ERRORED`, `CANCELLED` or `SUPERSEDED`.
    pub status: String,
    /// The error code.
    pub code: String,
    /// One line that says why.
    pub reason: String,
}
payload!(PromotionFailed on "EnvironmentPromotion" by promotion_id);

/// An environment declares again what it ran before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentRolledBack {
    /// The promotion.
    pub promotion_id: PromotionId,
    /// The release.
    pub release_id: ReleaseId,
    /// The release's version.
    pub version: String,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The environment's name.
    pub environment: String,
    /// Attempt for this release and environment, from 1.
    pub attempt: u32,
    /// `PROMOTION` or `ROLLBACK`.
    pub kind: String,
    /// The promotion that was left.
    pub rolled_back: PromotionId,
    /// The promotion whose content is declared again.
    pub restored: PromotionId,
    /// Why.
    pub reason: String,
}
payload!(EnvironmentRolledBack on "EnvironmentPromotion" by promotion_id);

/// An environment was defined or its definition changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentDefined {
    /// The environment.
    pub environment_id: EnvironmentId,
    /// Its name.
    pub environment: String,
    /// Environments before it.
    pub upstream: Vec<String>,
    /// `sha256:<hex>` of what manifests and infrastructure depend on.
    pub target_digest: String,
    /// Whether it was taken out of the definition.
    pub retired: bool,
}
payload!(EnvironmentDefined on "Environment" by environment_id);

/// Promotions into an environment are held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentHeld {
    /// The environment.
    pub environment_id: EnvironmentId,
    /// Its name.
    pub environment: String,
    /// The module that is held; all when absent.
    pub module: Option<String>,
    /// Why.
    pub reason: String,
    /// Who holds it.
    pub held_by: String,
    /// The rollback that placed the hold.
    pub promotion_id: Option<PromotionId>,
}
payload!(EnvironmentHeld on "Environment" by environment_id);

/// A hold has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentResumed {
    /// The environment.
    pub environment_id: EnvironmentId,
    /// Its name.
    pub environment: String,
    /// The module that was held; all when absent.
    pub module: Option<String>,
    /// Who ended it.
    pub resumed_by: String,
}
payload!(EnvironmentResumed on "Environment" by environment_id);

//! Events of the release service.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ModuleDescription, payload};
use crate::{ApprovalId, BuildId, ReleaseId, RepositoryId};

/// A package or image of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseArtifact {
    /// `PACKAGE` or `IMAGE`.
    pub kind: String,
    /// Id of the publication or image, once it is known.
    pub id: Option<String>,
    /// Name in the feed or registry.
    pub name: String,
    /// `PENDING`, `READY` or `FAILED`.
    pub state: String,
    /// Version of the package, or reference of the image by digest, once ready.
    pub reference: Option<String>,
    /// `sha256:<hex>`, once ready.
    pub digest: Option<String>,
    /// Why it failed.
    pub reason: Option<String>,
}

/// A module in a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseItem {
    /// The module, as its `module.yaml` says at the commit.
    pub module: ModuleDescription,
    /// The build that is released.
    pub build_id: BuildId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// The repository's name.
    pub repository_name: String,
    /// Its commit.
    pub commit_sha: String,
    /// What the build makes.
    pub artifacts: Vec<ReleaseArtifact>,
}

/// A person's approval of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalSummary {
    /// The approval.
    pub approval_id: ApprovalId,
    /// Who approved.
    pub approver: String,
    /// Why.
    pub reason: String,
    /// When.
    pub approved_at: DateTime<Utc>,
    /// When it ends to count.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A release is planned from successful builds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleasePlanned {
    /// The release.
    pub release_id: ReleaseId,
    /// Its name: the module, or the modules joined by `+`.
    pub name: String,
    /// Its semantic version.
    pub version: String,
    /// `sha256:<hex>` of what an approval covers: artifacts, configuration and targets.
    pub content_digest: String,
    /// What it consists of.
    pub items: Vec<ReleaseItem>,
    /// On whose behalf it was planned; never an approver.
    pub planned_by: String,
    /// Whether the policy of the project planned it, not a command.
    pub automatic: bool,
}
payload!(ReleasePlanned on "ReleasePlan" by release_id);

/// Every artifact of a release is ready: it may be approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseReady {
    /// The release.
    pub release_id: ReleaseId,
    /// Its name: the module, or the modules joined by `+`.
    pub name: String,
    /// Its semantic version.
    pub version: String,
    /// `sha256:<hex>` of what an approval covers: artifacts, configuration and targets.
    pub content_digest: String,
    /// What it consists of.
    pub items: Vec<ReleaseItem>,
}
payload!(ReleaseReady on "ReleasePlan" by release_id);

/// A release has the approvals that its project demands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseApproved {
    /// The release.
    pub release_id: ReleaseId,
    /// Its name: the module, or the modules joined by `+`.
    pub name: String,
    /// Its semantic version.
    pub version: String,
    /// `sha256:<hex>` of what an approval covers: artifacts, configuration and targets.
    pub content_digest: String,
    /// What it consists of.
    pub items: Vec<ReleaseItem>,
    /// The approvals that count.
    pub approvals: Vec<ApprovalSummary>,
}
payload!(ReleaseApproved on "ReleasePlan" by release_id);

/// Approvals of a release do not count any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseApprovalVoided {
    /// The release.
    pub release_id: ReleaseId,
    /// Its name: the module, or the modules joined by `+`.
    pub name: String,
    /// Its semantic version.
    pub version: String,
    /// The digest of what the release covers now.
    pub content_digest: String,
    /// The approvals that are void.
    pub approvals: Vec<ApprovalId>,
    /// What changed, in one sentence.
    pub cause: String,
    /// Whether the approvals that are left suffice.
    #[serde(default)]
    pub still_approved: bool,
}
payload!(ReleaseApprovalVoided on "ReleasePlan" by release_id);

/// A person rejected a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseRejected {
    /// The release.
    pub release_id: ReleaseId,
    /// Its name: the module, or the modules joined by `+`.
    pub name: String,
    /// Its semantic version.
    pub version: String,
    /// The decision.
    pub approval_id: ApprovalId,
    /// Who rejected.
    pub approver: String,
    /// Why.
    pub reason: String,
}
payload!(ReleaseRejected on "ReleasePlan" by release_id);

/// A release will not go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseCancelled {
    /// The release.
    pub release_id: ReleaseId,
    /// Its name: the module, or the modules joined by `+`.
    pub name: String,
    /// Its semantic version.
    pub version: String,
    /// Who cancelled.
    pub cancelled_by: String,
    /// Why.
    pub reason: Option<String>,
}
payload!(ReleaseCancelled on "ReleasePlan" by release_id);

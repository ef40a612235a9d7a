//! What stands in the way of a promotion.

use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, Utc};

/// Why a promotion may not run now.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "sluice_schema::BlockerCode")]
pub enum BlockerCode {
    /// The release is not approved: approvals are missing, void or expired.
    NotApproved,
    /// The release was rejected or cancelled.
    ReleaseClosed,
    /// Fewer people approved the release than the environment demands.
    ApprovalsMissing,
    /// A package or image of the release is not ready.
    ArtifactNotReady,
    /// No manifest is rendered for the environment.
    ManifestMissing,
    /// The infrastructure that the release declares is not provisioned, or failed to.
    InfrastructureNotReady,
    /// The release has not succeeded in an environment before this one.
    OutOfOrder,
    /// The release has not run long enough in an environment before this one.
    SoakTime,
    /// The environment is frozen.
    Freeze,
    /// A required check did not succeed.
    CheckFailed,
    /// The environment, or the module in it, is on hold.
    Hold,
    /// Another promotion of the module into the environment is under way.
    PromotionInProgress,
    /// The environment was taken out of the project's definition.
    EnvironmentRetired,
}

/// One reason why a promotion may not run now.
#[derive(SimpleObject, Debug, Clone)]
pub struct Blocker {
    /// The kind of reason.
    pub code: BlockerCode,
    /// One sentence for people: what is missing and who or what can provide it.
    pub message: String,
    /// Id of the object that it is about, or the name of a check or freeze.
    pub subject: Option<String>,
    /// When it ends by itself, when that is known.
    pub until: Option<DateTime<Utc>>,
    /// Whether a person with the right to override may promote all the same.
    pub overridable: bool,
}

impl From<sluice_schema::Blocker> for Blocker {
    fn from(blocker: sluice_schema::Blocker) -> Self {
        Self {
            code: blocker.code.into(),
            message: blocker.message,
            subject: blocker.subject,
            until: blocker.until,
            overridable: blocker.overridable,
        }
    }
}

//! What a synchronisation is made of.

use async_graphql::{Enum, SimpleObject};
use sluice_gitops_sync as service;

/// Whether a target holds what Git declares.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::SyncStatus")]
pub enum SyncStatus {
    /// It does.
    Synced,
    /// It does not.
    OutOfSync,
    /// Git or the target did not answer, or nobody looked yet.
    Unknown,
}

/// Whether what a target holds works.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::HealthStatus")]
pub enum HealthStatus {
    /// It works.
    Healthy,
    /// It is on its way.
    Progressing,
    /// It does not work.
    Degraded,
    /// It is held on purpose.
    Suspended,
    /// Objects are not there.
    Missing,
    /// Nobody can tell.
    Unknown,
}

/// What is done with a target at the moment.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::Operation")]
pub enum SyncOperation {
    /// Nothing.
    Idle,
    /// An attempt is under way.
    Running,
    /// The last attempt failed.
    Failed,
}

/// Why an object differs from what Git declares.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::Classification")]
pub enum DriftClassification {
    /// Git declares something that was not applied yet.
    PendingPromotion,
    /// Somebody changed the target.
    ManualEdit,
    /// It could not be applied.
    FailedSync,
}

/// How an object differs from what Git declares.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::DriftChange")]
pub enum DriftChange {
    /// It is there with another content.
    Modified,
    /// It is not there.
    Missing,
    /// It is there and not declared.
    Extra,
}

/// One object that differs from what Git declares.
#[derive(SimpleObject, Debug, Clone)]
pub struct DriftItem {
    /// `<kind>/<namespace>/<name>`, with `_` for no namespace; the file's name when it is no
    /// object.
    pub object: String,
    /// Its file in the target.
    pub file: String,
    /// Why it differs.
    pub classification: DriftClassification,
    /// How it differs.
    pub change: DriftChange,
    /// Whether the target answers for it; what it does not is a stranger's and left alone.
    pub owned: bool,
    /// From what Git declares to what is there, as a unified diff; empty for secrets.
    pub diff: String,
    /// Whether the diff was cut.
    pub diff_truncated: bool,
    /// What happened, in one sentence.
    pub message: String,
}

impl From<&service::DriftItem> for DriftItem {
    fn from(it: &service::DriftItem) -> Self {
        Self {
            object: it.object.clone(),
            file: it.file.clone(),
            classification: it.classification.into(),
            change: it.change.into(),
            owned: it.owned,
            diff: it.diff.clone(),
            diff_truncated: it.diff_truncated,
            message: it.message.clone(),
        }
    }
}

//! GitOps synchronisation: targets that follow Git.

mod attempt;
mod input;
mod mutation;
mod object;
mod parts;
mod query;

pub use attempt::{
    AttemptOutcome, AttemptsOfSync, GitOpsSyncAttempt, SyncAttemptFilter, SyncAttemptOrder,
    SyncAttemptOrderField, SyncCause,
};
pub use input::{GitOpsSyncFilter, PauseGitOpsInput, ResumeGitOpsInput, SyncGitOpsInput};
pub use mutation::{GitOpsMutation, PauseGitOpsPayload, ResumeGitOpsPayload, SyncGitOpsPayload};
pub use object::{
    GitOpsSyncOrder, GitOpsSyncOrderField, GitOpsSyncState, SyncById, SyncsOfEnvironment,
    SyncsOfGitOpsRepository, SyncsOfPromotion,
};
pub use parts::{
    DriftChange, DriftClassification, DriftItem, HealthStatus, SyncOperation, SyncStatus,
};
pub use query::GitOpsQuery;

//! GitOps synchronisation: what environments run is kept equal to what Git declares.
//!
//! Owns the GitOpsSyncState aggregate, one per environment and module, and its attempts. Desired
//! is the folder `environments/<environment>/<module>/` at the head of the branch that
//! environments follow. Sync, health and operation are three separate facts. An attempt is an
//! intent that is recorded, acted on outside any transaction, and concluded once, by whoever
//! finishes first.
//!
//! Events out: `GitOpsSynced`, `DriftDetected`, `GitOpsSyncFailed`. Events in:
//! `DeploymentPromoted`, `InfrastructureProvisioned`; and a timer looks at every state.

mod commands;
mod entity;
mod error;
mod import;
mod model;
mod reactions;
mod rest;
mod service;
mod settings;
mod store;

pub use commands::{PauseGitOps, ResumeGitOps, SyncGitOps};
pub use error::GitOpsSyncError;
pub use model::{
    AttemptOutcome, Cause, Classification, Content, DriftChange, DriftItem, GitOpsSyncState,
    HealthStatus, Operation, Origin, Pause, Promoted, Running, SyncAttempt, SyncStatus,
};
pub use reactions::{Reactions, Recovery};
pub use rest::{operations, router};
pub use service::GitOpsSyncs;
pub use settings::GitOpsSettings;
pub use store::{AttemptFilter, AttemptOrder, SyncFilter, SyncOrder};

/// The service's name: of its store, its consumer and its own work.
pub(crate) const SERVICE: &str = "gitops_sync";

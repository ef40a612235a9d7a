//! Branches: where they stand, and what they demand of changes.
//!
//! Owns the Branch aggregate. A branch's name is unique among its repository's branches that are
//! not deleted, its base commit exists, and the default branch is protected from the start. What
//! a branch's head is, the Git host decides; the record follows it.
//!
//! Events out: `BranchCreated`, `BranchPolicyChanged`, `BranchDeleted`. Events in:
//! `RepositoryProvisioned` (records the default branch), `CommitCreated` (moves the head),
//! `PullRequestMerged` (moves the head, deletes the source when asked to),
//! `DeploymentManifestRendered` and `DeploymentPromoted` (move the heads of the repository that
//! declares what environments run).

mod commands;
mod entity;
mod error;
mod import;
mod model;
mod reactions;
mod rest;
mod service;
mod store;

pub use commands::{CreateBranch, DeleteBranch, SetBranchPolicy};
pub use error::BranchError;
pub use model::{Branch, BranchStatus};
pub use reactions::{Reactions, Recovery};
pub use rest::{operations, router};
pub use service::Branches;
pub use store::{BranchFilter, BranchOrder};

//! Commits: written from file contents, with their lineage.
//!
//! Owns the Commit aggregate: the record of a Git commit on a branch, append-only. A commit is
//! scanned for secrets before anything is written, is refused on protected branches, and carries
//! its lineage as trailers. The commits that a merge writes are recorded too.
//!
//! Events out: `CommitCreated`. Events in: `PullRequestMerged` (records what the merge wrote).

mod commands;
mod entity;
mod error;
mod import;
mod model;
mod reactions;
mod rest;
mod secrets;
mod service;
mod store;

pub use commands::{Author, Change, ChangeKind, CreateCommit};
pub use error::CommitError;
pub use model::{Commit, CommitOrigin, CommitStatus, Trailer};
pub use reactions::{Reactions, Recovery};
pub use rest::{operations, router};
pub use service::Commits;
pub use store::{CommitFilter, CommitOrder};

//! Commits: written from file contents, with their lineage.
//!
//! Owns the Commit aggregate: the record of a Git commit on a branch, append-only. A commit is
//! scanned for secrets before anything is written, is refused on protected branches, and carries
//! its lineage as trailers. The commits that a merge writes are recorded too.
//!
//! It also tells the history of the default branch and of the branches beside it, as Git has it:
//! which commits there are, which changes are equal, and with which landing each came.
//!
//! Events out: `CommitCreated`, `HistoryRecorded`. Events in: `PullRequestMerged` (records what
//! the merge wrote); whatever may have moved a branch (tells its history).

mod commands;
mod entity;
mod error;
mod history;
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
pub use reactions::{HistoryReactions, HistoryRecovery, Reactions, Recovery};
pub use rest::{operations, router};
pub use service::Commits;
pub use store::{CommitFilter, CommitOrder};

//! Pull requests: how changes reach a branch that takes them from nowhere else.
//!
//! Owns the PullRequest aggregate. A repository has one open pull request for a source and a
//! target; its number counts from 1 in the repository. A merge is a real three-way merge, lands
//! by compare and swap, and happens only when the target's policy is satisfied on the source's
//! current head.
//!
//! Events out: `PullRequestOpened`, `PullRequestReviewed`, `PullRequestMerged`,
//! `PullRequestAbandoned`. Events in: `CommitCreated` (heads moved), `BuildCompleted` (checks).

mod commands;
mod entity;
mod error;
mod import;
mod model;
mod reactions;
mod rest;
mod service;
mod store;

pub use commands::{AbandonPullRequest, MergePullRequest, OpenPullRequest, ReviewPullRequest};
pub use error::PullRequestError;
pub use model::{
    Check, CheckState, MergeIntent, MergeStrategy, Mergeability, PullRequest, PullRequestStatus,
    Review, ReviewDecision,
};
pub use reactions::{Reactions, Recovery};
pub use rest::{operations, router};
pub use service::{OfCommit, PullRequestDiff, PullRequests, unmet_policy};
pub use store::{PullRequestFilter, PullRequestOrder};

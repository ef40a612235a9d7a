//! What a pull request is made of.

use async_graphql::{Enum, ID, SimpleObject};
use chrono::{DateTime, Utc};
use sluice_pull_request as service;

/// Where a pull request is in its life.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::PullRequestStatus")]
pub enum PullRequestStatus {
    /// It takes reviews and checks and may be merged.
    Open,
    /// The merge is decided and under way; it ends merged, or open again with a reason.
    Merging,
    /// Its changes stand on the target.
    Merged,
    /// It was closed without a merge.
    Abandoned,
}

/// What a reviewer decides.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::ReviewDecision")]
pub enum ReviewDecision {
    /// It may be merged as it is.
    Approved,
    /// It may not be merged until this reviewer says otherwise.
    ChangesRequested,
}

/// What a check came to.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::CheckState")]
pub enum CheckState {
    /// Not known yet.
    Pending,
    /// Passed.
    Succeeded,
    /// Not passed.
    Failed,
}

/// Whether a pull request would merge.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::Mergeability")]
pub enum Mergeability {
    /// It merges without conflict.
    Clean,
    /// Source and target changed the same things.
    Conflicting,
    /// The source holds nothing that the target lacks.
    UpToDate,
    /// It cannot be told: a branch is missing.
    Unknown,
}

/// How a source is brought into a target.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::MergeStrategy")]
pub enum MergeStrategy {
    /// One commit with two parents, the target first.
    Merge,
    /// One commit with the target as its only parent.
    Squash,
    /// Each commit of the source again, on top of the target.
    Rebase,
}

/// One reviewer's latest word.
#[derive(SimpleObject, Debug, Clone)]
pub struct PullRequestReview {
    /// Who reviewed.
    pub reviewer: String,
    /// What was decided.
    pub decision: ReviewDecision,
    /// The head that was reviewed; an approval of an earlier head does not count.
    pub source_sha: String,
    /// In the reviewer's words.
    pub body: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

impl From<&service::Review> for PullRequestReview {
    fn from(review: &service::Review) -> Self {
        Self {
            reviewer: review.reviewer.clone(),
            decision: review.decision.into(),
            source_sha: review.source_sha.clone(),
            body: review.body.clone(),
            at: review.at,
        }
    }
}

/// What is known of a pull request's head.
#[derive(SimpleObject, Debug, Clone)]
pub struct PullRequestCheck {
    /// Stable name: policies demand checks by it.
    pub name: String,
    /// What it came to.
    pub state: CheckState,
    /// The commit that was checked.
    pub sha: String,
    /// One line that says more.
    pub detail: Option<String>,
    /// The build that it came from.
    pub build_id: Option<ID>,
    /// When it came to this.
    pub at: DateTime<Utc>,
}

impl From<&service::Check> for PullRequestCheck {
    fn from(check: &service::Check) -> Self {
        Self {
            name: check.name.clone(),
            state: check.state.into(),
            sha: check.sha.clone(),
            detail: check.detail.clone(),
            build_id: check.build_id.map(|id| id.to_string().into()),
            at: check.at,
        }
    }
}

//! Events of the pull request service.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::payload;
use crate::{PullRequestId, RepositoryId};

/// A pull request asks for its source to be merged into its target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PullRequestOpened {
    /// The pull request.
    pub pull_request_id: PullRequestId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// Number in the repository, from 1.
    pub number: u64,
    /// Title.
    pub title: String,
    /// Branch with the changes.
    pub source_branch: String,
    /// Branch that shall receive them.
    pub target_branch: String,
    /// Head of the source.
    pub source_sha: String,
    /// Head of the target.
    pub target_sha: String,
}
payload!(PullRequestOpened on "PullRequest" by pull_request_id);

/// Somebody reviewed a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PullRequestReviewed {
    /// The pull request.
    pub pull_request_id: PullRequestId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// Number in the repository.
    pub number: u64,
    /// Who reviewed.
    pub reviewer: String,
    /// `APPROVED` or `CHANGES_REQUESTED`.
    pub decision: String,
    /// The head that was reviewed.
    pub source_sha: String,
}
payload!(PullRequestReviewed on "PullRequest" by pull_request_id);

/// A pull request's changes stand on its target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PullRequestMerged {
    /// The pull request.
    pub pull_request_id: PullRequestId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// The repository's name.
    pub repository_name: String,
    /// Number in the repository.
    pub number: u64,
    /// Title.
    pub title: String,
    /// Branch with the changes.
    pub source_branch: String,
    /// Branch that received them.
    pub target_branch: String,
    /// Head of the source when it was merged.
    pub source_sha: String,
    /// The commit that now carries the changes on the target.
    pub merge_commit_sha: String,
    /// Tree of that commit.
    pub tree_hash: String,
    /// Parents of that commit.
    pub parent_shas: Vec<String>,
    /// Every commit that the merge wrote, oldest first (several for a rebase).
    pub created_shas: Vec<String>,
    /// `MERGE`, `SQUASH` or `REBASE`.
    pub strategy: String,
    /// Who merged.
    pub merged_by: String,
    /// Whether the source branch shall be deleted now.
    pub delete_source_branch: bool,
}
payload!(PullRequestMerged on "PullRequest" by pull_request_id);

/// A pull request was closed without a merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PullRequestAbandoned {
    /// The pull request.
    pub pull_request_id: PullRequestId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// Number in the repository.
    pub number: u64,
    /// Why, in the words of who abandoned it.
    pub reason: Option<String>,
}
payload!(PullRequestAbandoned on "PullRequest" by pull_request_id);

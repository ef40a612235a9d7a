//! Events of the commit service.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::payload;
use crate::{CommitId, PullRequestId, RepositoryId};

/// How a commit came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CommitOrigin {
    /// Written by `createCommit`.
    Authored,
    /// Written by the merge of a pull request.
    Merge,
}

/// A commit stands on a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommitCreated {
    /// The commit's record.
    pub commit_id: CommitId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// The branch that it was written to.
    pub branch: String,
    /// Git object id, 40 hex digits.
    pub sha: String,
    /// Git object id of its tree.
    pub tree_hash: String,
    /// Git object ids of its parents.
    pub parent_shas: Vec<String>,
    /// The source artifact that it carries, when it was made from one.
    pub artifact_id: Option<String>,
    /// First line of the message.
    pub subject_line: String,
    /// Who wrote it.
    pub author: String,
    /// How it came to be.
    pub origin: CommitOrigin,
    /// The pull request whose merge wrote it.
    pub pull_request_id: Option<PullRequestId>,
    /// How many paths it changes against its first parent.
    pub changed_paths: u32,
}
payload!(CommitCreated on "Commit" by commit_id);

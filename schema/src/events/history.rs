//! Git history as it becomes known: what commits are on which branch, and what they undo.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::payload;
use crate::RepositoryId;

/// One commit of a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryCommit {
    /// Git object id, 40 hex digits.
    pub sha: String,
    /// Git object ids of its parents, first parent first.
    pub parents: Vec<String>,
    /// First line of the message, at most 200 characters.
    pub subject_line: String,
    /// Name of the author.
    pub author: String,
    /// When the change was written.
    pub authored_at: DateTime<Utc>,
    /// When the commit was made.
    pub committed_at: DateTime<Utc>,
    /// Identity of the change: 40 hex digits over the diff against the only parent, without line
    /// numbers and white space, as `git patch-id --stable` defines it. Absent for merges, for
    /// commits that change nothing, and where it would cost too much.
    pub patch_id: Option<String>,
    /// The commits that its message says it reverts (`This reverts commit <sha>`).
    pub reverts: Vec<String>,
    /// The commit that its message says it was picked from (`(cherry picked from commit <sha>)`).
    pub picked_from: Option<String>,
    /// Its landing on the default branch: the number, from 1, of the first commit of the default
    /// branch's first-parent line that has it in its history. Absent while it has not landed.
    pub landing: Option<u64>,
    /// Whether it is that commit of the first-parent line itself.
    pub mainline: bool,
}

/// Commits of a branch became known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryRecorded {
    /// The repository.
    pub repository_id: RepositoryId,
    /// The branch, short name.
    pub branch: String,
    /// Whether it is the repository's default branch.
    pub default_branch: bool,
    /// Where the branch points.
    pub head_sha: String,
    /// Landings on the default branch so far: that of its head. Absent for other branches.
    pub landings: Option<u64>,
    /// Where the branch left the default branch; absent for the default branch.
    pub merge_base: Option<String>,
    /// Identity of all changes since the merge base together: what a squash of the branch has as
    /// its patch id. Present only when every event of this head tells all commits of the branch
    /// that have not landed; absent for the default branch, and for long branches.
    pub squash_patch_id: Option<String>,
    /// Whether the default branch does not go on from where it was told: landings above `landings`
    /// are void. Commits of this event have not landed any more; those that have are told next.
    pub rewritten: bool,
    /// Of the default branch: commits that were not told before, or whose landing is new. Of other
    /// branches: all that have not landed, or, when these are many, those that were not told
    /// before. Parents before children, at most 500 in one event.
    pub commits: Vec<HistoryCommit>,
    /// Whether more of the same head follow in a later event.
    pub more: bool,
}
payload!(HistoryRecorded on "Repository" by repository_id);

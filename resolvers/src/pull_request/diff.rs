//! What a pull request changes.

use async_graphql::{Enum, SimpleObject};
use sluice_git_host as git;

use crate::scalars::Long;

/// How a file changed.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "git::ChangeKind")]
pub enum ChangeKind {
    /// The file is new.
    Added,
    /// Its content changed, with or without its mode.
    Modified,
    /// Its executable bit changed, its content did not.
    ModeChanged,
    /// It became another kind of entry, such as a symbolic link.
    TypeChanged,
    /// It is gone.
    Deleted,
    /// It was moved, with or without a change of content.
    Renamed,
}

/// The changes that a pull request brings into its target.
#[derive(SimpleObject, Debug, Clone)]
pub struct PullRequestDiff {
    /// The commit that the changes are counted from: where the source left the target, or what
    /// the target was before the merge.
    pub base_sha: String,
    /// The commit that holds the changes.
    pub head_sha: String,
    /// The files, sorted as Git sorts.
    pub files: Vec<FileDiff>,
}

/// How one file differs between two commits.
#[derive(SimpleObject, Debug, Clone)]
pub struct FileDiff {
    /// The path after (before, when it was deleted).
    pub path: String,
    /// The path before, when it was renamed.
    pub old_path: Option<String>,
    /// How it changed.
    pub kind: ChangeKind,
    /// Whether Git takes it for binary; then no lines are counted and the patch says only that.
    pub binary: bool,
    /// Lines added.
    pub additions: Long,
    /// Lines deleted.
    pub deletions: Long,
    /// The unified patch with its `diff --git` head; null when it is over a limit.
    pub patch: Option<String>,
}

impl From<sluice_pull_request::PullRequestDiff> for PullRequestDiff {
    fn from(diff: sluice_pull_request::PullRequestDiff) -> Self {
        Self {
            base_sha: diff.base_sha,
            head_sha: diff.head_sha,
            files: diff.files.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<git::FileDiff> for FileDiff {
    fn from(file: git::FileDiff) -> Self {
        Self {
            path: file.path,
            old_path: file.old_path,
            kind: file.kind.into(),
            binary: file.binary,
            additions: Long(file.additions),
            deletions: Long(file.deletions),
            patch: file.patch,
        }
    }
}

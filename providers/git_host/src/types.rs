//! What goes into a Git host and what comes out.

use std::path::PathBuf;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::names::Oid;

/// Who made a commit, and when.
///
/// Name and email have 1 to 200 characters without `<`, `>` or control characters. The time counts
/// whole seconds, is not before 1970, and is written as UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signature {
    /// The name, for example `Ada Lovelace`.
    pub name: String,
    /// The email address.
    pub email: String,
    /// The moment; fractions of a second are dropped.
    pub time: DateTime<Utc>,
}

/// A repository that exists now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisioned {
    /// The bare repository's folder.
    pub path: PathBuf,
    /// The head of the default branch.
    pub head: Oid,
    /// Whether this call made it.
    pub created: bool,
}

/// A compare and swap on one branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefChange {
    /// The head that the branch must have; `None`: it must not exist.
    pub expected: Option<Oid>,
    /// The head that it gets; `None`: it is deleted.
    pub new: Option<Oid>,
}

/// One change to one file, applied to a base commit. A request names each path at most once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileChange {
    /// Creates or updates a file.
    Put {
        /// The file's path.
        path: String,
        /// Its content.
        content: Bytes,
        /// Its executable bit; `None` keeps the one it has, and is off for a new file.
        executable: Option<bool>,
    },
    /// Creates a file; refused if it exists.
    Create {
        /// The file's path.
        path: String,
        /// Its content.
        content: Bytes,
        /// Its executable bit.
        executable: bool,
    },
    /// Updates a file; refused if it does not exist.
    Update {
        /// The file's path.
        path: String,
        /// Its content.
        content: Bytes,
        /// Its executable bit; `None` keeps it.
        executable: Option<bool>,
    },
    /// Deletes a file; refused if it does not exist.
    Delete {
        /// The file's path.
        path: String,
    },
    /// Moves a file; refused if the source does not exist or the target does.
    Rename {
        /// The path it has.
        from: String,
        /// The path it gets.
        to: String,
        /// New content; `None` keeps it.
        content: Option<Bytes>,
    },
    /// Sets or clears the executable bit of a file that exists.
    SetExecutable {
        /// The file's path.
        path: String,
        /// The bit.
        executable: bool,
    },
}

/// How a path changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
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

/// A path that a staged tree changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedPath {
    /// The path after the change.
    pub path: String,
    /// The path before, when it was renamed.
    pub old_path: Option<String>,
    /// How it changed.
    pub kind: ChangeKind,
}

/// A tree written from a base commit and changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    /// The tree. It equals the base's tree when nothing changed.
    pub tree: Oid,
    /// What differs from the base, sorted by path; changes without effect are left out.
    pub changed: Vec<ChangedPath>,
}

/// A commit to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitSpec {
    /// The tree, which must exist.
    pub tree: Oid,
    /// The parents in order, which must exist.
    pub parents: Vec<Oid>,
    /// Who wrote the change.
    pub author: Signature,
    /// Who made the commit.
    pub committer: Signature,
    /// The message: not empty, no NUL, line ends are made `\n`.
    pub message: String,
    /// Trailers appended to the message, in order. Keys are `[A-Za-z0-9-]`, values one line.
    pub trailers: Vec<(String, String)>,
}

/// How a source is brought into a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeStrategy {
    /// One commit with two parents, target first; never a fast-forward.
    Merge,
    /// One commit with the target as its only parent.
    Squash,
    /// Each commit of the source again, on top of the target.
    Rebase,
}

/// A merge to compute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeSpec {
    /// The commit merged into.
    pub target: Oid,
    /// The commit merged from.
    pub source: Oid,
    /// How.
    pub strategy: MergeStrategy,
    /// Committer of every commit made, and author of a merge or squash commit.
    pub signature: Signature,
    /// Message of the merge or squash commit; a rebase keeps the messages it finds.
    pub message: String,
    /// Trailers of the merge or squash commit.
    pub trailers: Vec<(String, String)>,
}

/// What a merge came to. No branch has been touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeOutcome {
    /// The merge is clean and its commits are written.
    Merged {
        /// The commit to move the target to.
        commit: Oid,
        /// Its tree.
        tree: Oid,
        /// Every commit made, oldest first.
        created: Vec<Oid>,
    },
    /// The source brings nothing that the target does not have.
    UpToDate,
    /// Both sides changed the same thing.
    Conflicts {
        /// The paths in conflict, sorted, each once.
        paths: Vec<String>,
    },
}

/// Whether a merge would work. Nothing is written to find out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mergeability {
    /// It merges without conflict.
    Clean,
    /// The source is part of the target.
    UpToDate,
    /// It does not merge.
    Conflicts {
        /// The paths in conflict, sorted, each once.
        paths: Vec<String>,
    },
}

/// A commit as it stands in the repository. Text that is not UTF-8 has replacement characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommitInfo {
    /// Its id.
    pub id: Oid,
    /// Its tree.
    pub tree: Oid,
    /// Its parents in order; none for a root commit.
    pub parents: Vec<Oid>,
    /// Who wrote the change.
    pub author: Signature,
    /// Who made the commit.
    pub committer: Signature,
    /// The whole message.
    pub message: String,
    /// The first paragraph on one line.
    pub subject: String,
    /// What follows the subject, without the trailers.
    pub body: String,
    /// The trailers, in order.
    pub trailers: Vec<(String, String)>,
}

/// A file's content at a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileContent {
    /// The bytes.
    pub bytes: Bytes,
    /// The executable bit.
    pub executable: bool,
    /// The blob's id.
    pub oid: Oid,
}

/// A file in a commit's tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TreeFile {
    /// Its path.
    pub path: String,
    /// The blob's id.
    pub oid: Oid,
    /// Its size in bytes.
    pub size: u64,
    /// The executable bit.
    pub executable: bool,
}

/// How one file differs between two commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    pub additions: u64,
    /// Lines deleted.
    pub deletions: u64,
    /// The unified patch with its `diff --git` head; `None` when it is over a limit.
    pub patch: Option<String>,
}

//! What a Git host refuses, and how it fails.

use std::fmt;

use crate::names::Oid;

/// Result of every Git host operation.
pub type Result<T, E = GitHostError> = std::result::Result<T, E>;

/// Why a Git host operation did not happen.
///
/// The messages of [`Io`](Self::Io), [`Git`](Self::Git) and [`Command`](Self::Command) name only
/// what was being done; what went wrong inside is in the source or field and belongs in logs.
#[derive(Debug, thiserror::Error)]
pub enum GitHostError {
    /// A repository, branch, revision or object name breaks a rule.
    #[error("{what} `{name}` is not valid: {rule}")]
    InvalidName {
        /// The kind of name, for example `branch name`.
        what: &'static str,
        /// The name as given, cut to 200 characters.
        name: String,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// A file path in a change breaks a rule, or does not fit the tree it is applied to.
    #[error("path `{path}` is refused: {rule}")]
    InvalidPath {
        /// The path as given, cut to 200 characters.
        path: String,
        /// The rule that it breaks.
        rule: PathRule,
    },
    /// A part of a commit (signature, message, trailer) breaks a rule.
    #[error("{field} is not valid: {rule}")]
    InvalidCommit {
        /// The part, for example `author.email` or `trailers.Trace-Id`.
        field: String,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// A repository, commit, tree or branch does not exist.
    #[error("{what} was not found")]
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// The repository exists with another default branch than the one asked for.
    #[error("the repository exists with the default branch `{default_branch}`")]
    ProvisionedDifferently {
        /// The default branch that it has.
        default_branch: String,
    },
    /// A branch does not have the expected head, so it was not changed.
    #[error("branch `{branch}` has moved")]
    RefMoved {
        /// The branch.
        branch: String,
        /// Its head now; `None` when it does not exist.
        actual: Option<Oid>,
    },
    /// A branch cannot exist next to another (`a` and `a/b`).
    #[error("branch `{branch}` cannot exist beside branch `{existing}`")]
    RefClash {
        /// The branch that was to be created.
        branch: String,
        /// The branch that stands in its way.
        existing: String,
    },
    /// Something is larger than the configured limit.
    #[error("{what} is over the limit of {limit}")]
    TooLarge {
        /// What was measured, with its unit.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// The two commits have no common ancestor.
    #[error("{target} and {source_commit} have no common ancestor")]
    Unrelated {
        /// The commit merged into.
        target: Oid,
        /// The commit merged from.
        source_commit: Oid,
    },
    /// A branch that holds merge commits cannot be rebased.
    #[error("{commit} is a merge commit and cannot be rebased")]
    MergeCommitInSource {
        /// The first merge commit found, from the head down.
        commit: Oid,
    },
    /// The folder for a checkout holds something.
    #[error("the checkout folder is not empty")]
    NotEmpty,
    /// Another process holds the lock and did not let go in time. Worth retrying.
    #[error("the repository is locked by another process")]
    Busy,
    /// A git command ran into its time limit.
    #[error("{doing} took too long")]
    TimedOut {
        /// What was being done.
        doing: &'static str,
    },
    /// The file system failed.
    #[error("storage failed while {doing}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The repository could not be read or written.
    #[error("the repository failed while {doing}")]
    Git {
        /// What was being done.
        doing: &'static str,
        /// What the library said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A git command failed.
    #[error("git failed while {doing}")]
    Command {
        /// What was being done.
        doing: &'static str,
        /// What it wrote to standard error, cut to 64 KiB. For logs only: it names local paths.
        stderr: String,
    },
}

impl GitHostError {
    pub(crate) fn name(what: &'static str, name: &str, rule: &'static str) -> Self {
        Self::InvalidName {
            what,
            name: name.chars().take(200).collect(),
            rule,
        }
    }

    pub(crate) fn path(path: &str, rule: PathRule) -> Self {
        Self::InvalidPath {
            path: path.chars().take(200).collect(),
            rule,
        }
    }

    pub(crate) fn not_found(what: impl fmt::Display) -> Self {
        Self::NotFound {
            what: what.to_string(),
        }
    }

    pub(crate) fn too_large(what: impl Into<String>, limit: u64) -> Self {
        Self::TooLarge {
            what: what.into(),
            limit,
        }
    }
}

/// The rule that a path in a change breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PathRule {
    /// The path is empty.
    #[error("it is empty")]
    Empty,
    /// The path starts with a slash or a drive letter.
    #[error("it is absolute")]
    Absolute,
    /// The path has an empty component: `a//b` or `a/`.
    #[error("it has an empty component")]
    EmptyComponent,
    /// A component is `.` or `..`.
    #[error("it has a `.` or `..` component")]
    DotComponent,
    /// A component is, or looks to some file system like, `.git`.
    #[error("it has a component that a file system may take for `.git`")]
    GitDirectory,
    /// The path holds a NUL.
    #[error("it holds a NUL character")]
    Nul,
    /// The path holds a backslash, which is a separator on some systems.
    #[error("it holds a backslash")]
    Backslash,
    /// The path is longer than 4,096 bytes.
    #[error("it is longer than 4096 bytes")]
    TooLong,
    /// A component is longer than 255 bytes.
    #[error("a component is longer than 255 bytes")]
    ComponentTooLong,
    /// The path has more than 128 components.
    #[error("it is nested more than 128 levels deep")]
    TooDeep,
    /// The request names the path twice.
    #[error("the request names it more than once")]
    Duplicate,
    /// The file must exist and does not.
    #[error("the file does not exist")]
    Missing,
    /// The file must not exist and does.
    #[error("the file exists")]
    Exists,
    /// The path is a directory where a file is needed.
    #[error("it is a directory")]
    IsDirectory,
    /// A parent of the path is a file.
    #[error("one of its parents is a file")]
    ParentIsFile,
    /// The path is a symbolic link or a submodule, which has no executable bit.
    #[error("it is not a regular file")]
    NotRegular,
    /// A `.gitattributes` file has a line that Git does not accept.
    #[error("it has a line of 2048 bytes or more, which Git refuses in this file")]
    AttributesLine,
}

/// Turns a library error into [`GitHostError::Git`], naming what was being done.
pub(crate) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T>;
}

impl<T, E: Into<Box<dyn std::error::Error + Send + Sync>>> Doing<T> for Result<T, E> {
    fn doing(self, doing: &'static str) -> Result<T> {
        self.map_err(|source| GitHostError::Git {
            doing,
            source: source.into(),
        })
    }
}

/// Turns a file system error into [`GitHostError::Io`], naming what was being done.
pub(crate) trait DoingIo<T> {
    fn doing_io(self, doing: &'static str) -> Result<T>;
}

impl<T> DoingIo<T> for std::io::Result<T> {
    fn doing_io(self, doing: &'static str) -> Result<T> {
        self.map_err(|source| GitHostError::Io { doing, source })
    }
}

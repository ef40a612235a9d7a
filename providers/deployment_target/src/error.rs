//! What can go wrong with a target, and how it is answered.

use sluice_schema::{ErrorCode, Fault};

use crate::ObjectKey;

/// The result of every operation of this port.
pub type Result<T, E = TargetError> = std::result::Result<T, E>;

/// Why a target refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// A part of the target's path breaks a rule.
    #[error(
        "{what} must be 1 to 63 characters of a-z, A-Z, 0-9, '.', '_' or '-', start with a letter or digit, not end with '.' and not hold '..'"
    )]
    InvalidName {
        /// The part: `environment` or `module`.
        what: &'static str,
    },
    /// A manifest cannot be read as an object.
    #[error("{file}{}: {rule}", line.map(|line| format!(", line {line}")).unwrap_or_default())]
    InvalidManifest {
        /// The file that it stands in.
        file: String,
        /// Line in the file, from 1, when known.
        line: Option<u64>,
        /// What is wrong and what would be right.
        rule: String,
    },
    /// Two manifests declare the same object.
    #[error("{file}: {object} is declared already in {first}")]
    Duplicate {
        /// The file of the second one.
        file: String,
        /// The object.
        object: Box<ObjectKey>,
        /// The file of the first one.
        first: String,
    },
    /// The revision is empty, too long or holds control characters.
    #[error("revision must be 1 to 200 visible characters")]
    InvalidRevision,
    /// More than [`crate::Limits`] allow.
    #[error("{what} is more than the {max} allowed")]
    TooLarge {
        /// What was counted.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// Nothing is declared, which would prune everything, and the caller did not ask for that.
    #[error("nothing is declared, and pruning all {owned} applied objects was not allowed")]
    NothingDeclared {
        /// Objects that the target holds.
        owned: usize,
    },
    /// The target was applied to by somebody else since the caller looked.
    #[error("the target is at serial {found}, not {expected}")]
    Moved {
        /// The serial that the caller expected.
        expected: u64,
        /// The serial found.
        found: u64,
    },
    /// Another operation holds the target.
    #[error("another operation holds the target")]
    Busy,
    /// A folder of the target is something else, for example a symbolic link.
    #[error("{what} is not a folder of its own; links are not followed")]
    NotAFolder {
        /// The folder, relative to the root.
        what: String,
    },
    /// The disk failed.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// A worker ended before its work was done.
    #[error("a worker ended early")]
    Worker,
}

impl TargetError {
    pub(crate) fn io(doing: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }
}

impl Fault for TargetError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidName { .. }
            | Self::InvalidManifest { .. }
            | Self::Duplicate { .. }
            | Self::InvalidRevision => ErrorCode::InvalidInput,
            Self::TooLarge { .. } => ErrorCode::LimitExceeded,
            Self::NothingDeclared { .. } => ErrorCode::FailedPrecondition,
            Self::Moved { .. } => ErrorCode::Conflict,
            Self::Busy => ErrorCode::Unavailable,
            Self::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                ErrorCode::Unavailable
            }
            Self::NotAFolder { .. } | Self::Io { .. } | Self::Worker => ErrorCode::Internal,
        }
    }

    fn field(&self) -> Option<String> {
        match self {
            Self::InvalidName { what } => Some((*what).to_owned()),
            Self::InvalidManifest { file, .. } | Self::Duplicate { file, .. } => {
                Some(format!("files[{file}]"))
            }
            Self::InvalidRevision => Some("revision".to_owned()),
            _ => None,
        }
    }
}

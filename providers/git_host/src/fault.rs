//! How a Git host's errors are answered.

use sluice_schema::{ErrorCode, Fault};

use crate::GitHostError;

impl Fault for GitHostError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidName { .. } | Self::InvalidPath { .. } | Self::InvalidCommit { .. } => {
                ErrorCode::InvalidInput
            }
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::ProvisionedDifferently { .. } | Self::RefMoved { .. } | Self::RefClash { .. } => {
                ErrorCode::Conflict
            }
            Self::TooLarge { .. } => ErrorCode::LimitExceeded,
            Self::Unrelated { .. } | Self::MergeCommitInSource { .. } => {
                ErrorCode::FailedPrecondition
            }
            Self::Busy | Self::TimedOut { .. } => ErrorCode::Unavailable,
            Self::NotEmpty | Self::Io { .. } | Self::Git { .. } | Self::Command { .. } => {
                ErrorCode::Internal
            }
        }
    }

    fn field(&self) -> Option<String> {
        match self {
            Self::InvalidPath { path, .. } => Some(format!("files[{path}]")),
            Self::InvalidCommit { field, .. } => Some(field.clone()),
            _ => None,
        }
    }
}

//! What the service refuses or fails with.

use sluice_deployment_target::TargetError;
use sluice_git_host::GitHostError;
use sluice_kernel::{AnyFault, Denied, Fault, Finding};
use sluice_schema::{ErrorCode, fault_of};
use sluice_store::StoreError;

use crate::model::reason_of;

/// A refusal or failure of GitOps synchronisation.
#[derive(Debug, thiserror::Error)]
pub enum GitOpsSyncError {
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The Git host refused or failed.
    #[error(transparent)]
    Git(#[from] GitHostError),
    /// The deployment target refused or failed.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Another service refused or failed.
    #[error(transparent)]
    Directory(#[from] AnyFault),
    /// There is none, or none that the caller may know of.
    #[error("no such synchronisation")]
    NotFound,
    /// An input value breaks a rule.
    #[error("{rule}")]
    Invalid {
        /// The input field.
        field: &'static str,
        /// The rule.
        rule: String,
    },
    /// Nothing is applied while it is paused.
    #[error("synchronisation is paused: {reason}; resume it first")]
    Paused {
        /// Why it is paused.
        reason: String,
    },
    /// It is paused for another reason.
    #[error("synchronisation is paused already, for another reason: {reason}")]
    PausedDifferently {
        /// Why it is paused.
        reason: String,
    },
    /// The branch that environments follow is gone.
    #[error("the GitOps repository has no branch '{branch}'")]
    NoBranch {
        /// The branch.
        branch: String,
    },
    /// The GitOps repository holds more files than are looked through.
    #[error("the GitOps repository holds {max} files or more")]
    TooManyFiles {
        /// The limit.
        max: usize,
    },
    /// What Git declares is not deployable.
    #[error("{source}")]
    Manifest {
        /// What is wrong with it.
        source: TargetError,
    },
    /// Some objects could not be applied.
    #[error("{count} of the objects could not be applied: {first}")]
    Incomplete {
        /// How many.
        count: usize,
        /// The first, with its reason.
        first: String,
    },
    /// The event could not be written.
    #[error("the event could not be written")]
    Event(#[from] serde_json::Error),
}

impl GitOpsSyncError {
    pub(crate) fn invalid(field: &'static str, rule: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            rule: rule.into(),
        }
    }

    fn own_findings(&self) -> Vec<Finding> {
        match self {
            Self::Manifest {
                source: TargetError::InvalidManifest { file, line, rule },
            } => vec![Finding {
                file: file.clone(),
                line: line.and_then(|line| u32::try_from(line).ok()),
                rule: "manifest".to_owned(),
                message: rule.clone(),
            }],
            _ => Vec::new(),
        }
    }

    /// Whether the same attempt may succeed later although Git declares the same.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Incomplete { .. } => true,
            Self::Manifest { .. } => false,
            // A refusal of the target, such as one to prune everything, stays one.
            other => !matches!(
                other.code(),
                ErrorCode::FailedPrecondition | ErrorCode::InvalidInput | ErrorCode::LimitExceeded
            ),
        }
    }
}

/// The code and the words in which a failure is recorded.
pub(crate) fn code_of(error: &GitOpsSyncError) -> (String, String) {
    (error.code().as_str().to_owned(), reason_of(error))
}

fault_of! { GitOpsSyncError:
    wraps [Denied, Store, Git, Target, Directory],
    Self::NotFound => NotFound,
    Self::Invalid { field, .. } => InvalidInput at *field,
    Self::Paused { .. } | Self::NoBranch { .. } => FailedPrecondition,
    Self::PausedDifferently { .. } => Conflict at "reason",
    Self::TooManyFiles { .. } => LimitExceeded,
    Self::Manifest { .. } => InvalidManifest,
    Self::Incomplete { .. } => Unavailable,
    Self::Event(_) => Internal,
}

//! What the build result service refuses or fails with.

use sluice_kernel::{AnyFault, Denied, Finding};
use sluice_schema::fault_of;
use sluice_store::StoreError;
use sluice_test_results::blob::BlobError;

/// A refusal or failure of the build result service.
#[derive(Debug, thiserror::Error)]
pub enum BuildResultError {
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another service refused or failed.
    #[error(transparent)]
    Directory(AnyFault),
    /// The blob store failed.
    #[error("the blob store failed")]
    Blob(#[from] BlobError),
    /// There is none, or none that the caller may know of.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// An input value breaks a rule.
    #[error("{rule}")]
    Invalid {
        /// The input field.
        field: String,
        /// The rule.
        rule: String,
    },
    /// A published report cannot be read.
    #[error("a report cannot be read; the findings name file, line and rule")]
    Unreadable(Vec<Finding>),
    /// The external build was recorded before, otherwise.
    #[error("the repository has a build result '{0}' with other content")]
    Recorded(String),
    /// A value could not be written as JSON.
    #[error("a value could not be written")]
    Json(#[from] serde_json::Error),
    /// A worker of this process ended early.
    #[error("reading the reports was interrupted")]
    Interrupted(#[from] tokio::task::JoinError),
}

impl BuildResultError {
    pub(crate) fn invalid(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Invalid {
            field: field.into(),
            rule: rule.into(),
        }
    }

    fn own_findings(&self) -> Vec<Finding> {
        match self {
            Self::Unreadable(findings) => findings.clone(),
            _ => Vec::new(),
        }
    }
}

fault_of! { BuildResultError:
    wraps [Denied, Store, Directory],
    Self::Blob(_) => Unavailable,
    Self::NotFound(_) => NotFound,
    Self::Invalid { field, .. } => InvalidInput at field.as_str(),
    Self::Unreadable(_) => InvalidInput at "results",
    Self::Recorded(_) => Conflict at "externalKey",
    Self::Json(_) | Self::Interrupted(_) => Internal,
}

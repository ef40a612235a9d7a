//! What the package publishing service refuses or fails with.

use sluice_kernel::{AnyFault, Denied, Fault, Finding};
use sluice_package_feed::PackageFeedError;
use sluice_schema::{ErrorClass, ErrorCode, fault_of, public_message};
use sluice_store::StoreError;
use sluice_test_results::blob::BlobError;

/// A refusal or failure of the package publishing service.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another service refused or failed.
    #[error(transparent)]
    Directory(AnyFault),
    /// The feed refused or failed.
    #[error(transparent)]
    Feed(#[from] PackageFeedError),
    /// The blob store failed.
    #[error("the blob store failed")]
    Blob(#[from] BlobError),
    /// The build cannot be published, today or ever.
    #[error(transparent)]
    Unpublishable(#[from] Unpublishable),
    /// There is none, or none that the caller may know of.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// An input value breaks a rule.
    #[error("{rule}")]
    Invalid {
        /// The input field.
        field: &'static str,
        /// The rule.
        rule: String,
    },
    /// The version belongs to something else.
    #[error("{0}")]
    Taken(String),
    /// A push that does not say into which project.
    #[error("the token sees {0}: push to /nuget/<project>/v3/index.json")]
    Ambiguous(&'static str),
    /// An upload that is no multipart form with a package in it.
    #[error("{0}")]
    Upload(String),
    /// The event could not be written.
    #[error("the event could not be written")]
    Event(#[from] serde_json::Error),
    /// A worker of this process ended early.
    #[error("the work on the package was interrupted")]
    Interrupted,
}

/// Why a publication failed: recorded with it, and answered to whoever asked for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unpublishable {
    /// The error code.
    pub code: ErrorCode,
    /// One line.
    pub reason: String,
}

impl Unpublishable {
    pub(crate) fn new(code: ErrorCode, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }

    pub(crate) fn precondition(reason: impl Into<String>) -> Self {
        Self::new(ErrorCode::FailedPrecondition, reason)
    }
}

impl Fault for Unpublishable {
    fn code(&self) -> ErrorCode {
        self.code
    }
}

impl PackageError {
    pub(crate) fn invalid(field: &'static str, rule: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            rule: rule.into(),
        }
    }

    /// What is recorded when trying again cannot help; the error itself when it may.
    pub(crate) fn lasting(self) -> Result<Unpublishable, Self> {
        // Whoever waits for a store or another process tries again.
        let passing = self.code().class() == ErrorClass::System
            || matches!(self, Self::Store(_) | Self::Directory(_) | Self::Denied(_));
        if passing {
            return Err(self);
        }
        Ok(Unpublishable::new(self.code(), public_message(&self)))
    }

    fn own_findings(&self) -> Vec<Finding> {
        Vec::new()
    }
}

fault_of! { PackageError:
    wraps [Denied, Store, Directory, Feed, Unpublishable],
    Self::Blob(_) => Unavailable,
    Self::NotFound(_) => NotFound,
    Self::Invalid { field, .. } => InvalidInput at *field,
    Self::Taken(_) => Conflict at "version",
    Self::Ambiguous(_) => InvalidInput at "project",
    Self::Upload(_) => BadRequest,
    Self::Event(_) | Self::Interrupted => Internal,
}

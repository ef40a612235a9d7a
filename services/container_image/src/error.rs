//! What the container image service refuses or fails with.

use sluice_git_host::GitHostError;
use sluice_image_registry::ImageError;
use sluice_kernel::{AnyFault, Denied, Fault, Finding};
use sluice_schema::{ErrorClass, ErrorCode, fault_of, public_message};
use sluice_store::StoreError;
use sluice_test_results::blob::BlobError;

/// A refusal or failure of the container image service.
#[derive(Debug, thiserror::Error)]
pub enum ContainerImageError {
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another service refused or failed.
    #[error(transparent)]
    Directory(AnyFault),
    /// The registry refused or failed.
    #[error(transparent)]
    Registry(#[from] ImageError),
    /// The Git host refused or failed.
    #[error(transparent)]
    Git(#[from] GitHostError),
    /// The blob store failed.
    #[error("the blob store failed")]
    Blob(#[from] BlobError),
    /// No image can be made of the build, today or ever.
    #[error(transparent)]
    Unbuildable(#[from] Unbuildable),
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
    /// A tag names another image.
    #[error("the tag '{tag}' names another image: {digest}")]
    TagTaken {
        /// The tag.
        tag: String,
        /// The image that it names.
        digest: String,
        /// Its place in the input.
        field: String,
    },
    /// Others kept changing the image.
    #[error("the image is being built otherwise at the moment; try again")]
    Contended,
    /// The event could not be written.
    #[error("the event could not be written")]
    Event(#[from] serde_json::Error),
    /// The folder for work under way failed.
    #[error("the folder for work under way failed")]
    Work(#[from] std::io::Error),
    /// A worker of this process ended early.
    #[error("the work on the image was interrupted")]
    Interrupted,
}

/// Why an image was not built: recorded with it, and answered to whoever asked for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unbuildable {
    /// The error code.
    pub code: ErrorCode,
    /// One line.
    pub reason: String,
}

impl Unbuildable {
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

impl Fault for Unbuildable {
    fn code(&self) -> ErrorCode {
        self.code
    }
}

impl ContainerImageError {
    pub(crate) fn invalid(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Invalid {
            field: field.into(),
            rule: rule.into(),
        }
    }

    /// What is recorded when trying again cannot help; the error itself when it may.
    pub(crate) fn lasting(self) -> Result<Unbuildable, Self> {
        // Whoever waits for a store or another process tries again.
        let passing = self.code().class() == ErrorClass::System
            || matches!(self, Self::Store(_) | Self::Directory(_) | Self::Denied(_));
        if passing {
            return Err(self);
        }
        Ok(Unbuildable::new(self.code(), public_message(&self)))
    }

    fn own_findings(&self) -> Vec<Finding> {
        Vec::new()
    }
}

fault_of! { ContainerImageError:
    wraps [Denied, Store, Directory, Registry, Git, Unbuildable],
    Self::Blob(_) => Unavailable,
    Self::NotFound(_) => NotFound,
    Self::Invalid { field, .. } => InvalidInput at field.as_str(),
    Self::TagTaken { field, .. } => Conflict at field.as_str(),
    Self::Contended => Unavailable,
    Self::Event(_) | Self::Work(_) | Self::Interrupted => Internal,
}

//! What the release service refuses or fails with.

use sluice_git_host::GitHostError;
use sluice_kernel::{AnyFault, Denied, Finding};
use sluice_schema::fault_of;
use sluice_store::StoreError;

use crate::{Ineligible, ReleaseStatus};

/// A refusal or failure of the release service.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The Git host refused or failed.
    #[error(transparent)]
    Git(#[from] GitHostError),
    /// Another service refused or failed.
    #[error(transparent)]
    Directory(#[from] AnyFault),
    /// There is none, or none that the caller may know of.
    #[error("no such release")]
    NotFound,
    /// There is no such decision, or none that the caller may know of.
    #[error("no such approval")]
    NoApproval,
    /// There is no such build, or none that the caller may know of.
    #[error("no such build")]
    NoBuild {
        /// Its place in the input.
        index: usize,
    },
    /// The repository of a build is gone, or its commit is not in it.
    #[error("the repository of the build does not hold its commit")]
    NoCommit {
        /// The build's place in the input.
        index: usize,
    },
    /// An input value breaks a rule.
    #[error("{rule}")]
    Invalid {
        /// The input field.
        field: String,
        /// The rule.
        rule: String,
    },
    /// Only successful builds are released.
    #[error("the build did not succeed: it is {status}")]
    NotSucceeded {
        /// Its place in the input.
        index: usize,
        /// How it ended.
        status: String,
    },
    /// An external CI's build that does not say what it built.
    #[error("the build does not say which module it built")]
    NoModule {
        /// Its place in the input.
        index: usize,
    },
    /// The version stands for other builds.
    #[error("{name} {version} is taken by a release of other builds")]
    Taken {
        /// Name of the release.
        name: String,
        /// Its version.
        version: String,
    },
    /// Packages or images are missing.
    #[error("the release is not ready for approval: {waiting}")]
    NotReady {
        /// What it waits for.
        waiting: String,
    },
    /// It was rejected or cancelled.
    #[error("the release is {}", .status.as_str().to_lowercase())]
    Closed {
        /// How it ended.
        status: ReleaseStatus,
    },
    /// The release covers something else than the caller saw.
    #[error("the release now covers {current}; read it again")]
    OtherContent {
        /// The digest of what it covers.
        current: String,
    },
    /// This person may not approve.
    #[error("you may not approve this release: {0}")]
    NotEligible(Ineligible),
    /// A release keeps so many decisions that count, and no more.
    #[error("the release has {limit} approvals already")]
    TooManyApprovals {
        /// The limit.
        limit: u64,
    },
    /// Others change the same object all the time.
    #[error("too many writers at once; try again")]
    Contended,
    /// The event or a column could not be written.
    #[error("the event could not be written")]
    Event(#[from] serde_json::Error),
}

impl ReleaseError {
    pub(crate) fn invalid(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Invalid {
            field: field.into(),
            rule: rule.into(),
        }
    }

    fn own_findings(&self) -> Vec<Finding> {
        Vec::new()
    }
}

/// The field of a build in the input.
pub(crate) fn build_field(index: usize) -> String {
    format!("buildIds[{index}]")
}

fault_of! { ReleaseError:
    wraps [Denied, Store, Git, Directory],
    Self::NotFound | Self::NoApproval => NotFound,
    Self::NoBuild { index } => NotFound at build_field(*index),
    Self::NoCommit { index } | Self::NotSucceeded { index, .. } | Self::NoModule { index } =>
        FailedPrecondition at build_field(*index),
    Self::Invalid { field, .. } => InvalidInput at field.as_str(),
    Self::Taken { .. } => Conflict at "version",
    Self::NotReady { .. } | Self::Closed { .. } => FailedPrecondition,
    Self::OtherContent { .. } => Conflict at "contentDigest",
    Self::NotEligible(_) => ApproverNotEligible,
    Self::TooManyApprovals { .. } => LimitExceeded,
    Self::Contended => Unavailable,
    Self::Event(_) => Internal,
}

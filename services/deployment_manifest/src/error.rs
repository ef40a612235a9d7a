//! What the deployment manifest service refuses or fails with.

use sluice_git_host::GitHostError;
use sluice_kernel::{AnyFault, Denied, Finding};
use sluice_schema::fault_of;
use sluice_store::StoreError;

/// A refusal or failure of the deployment manifest service.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
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
    #[error("no such deployment manifest")]
    NotFound,
    /// There is no such release, or none that the caller may know of.
    #[error("no such release")]
    ReleaseNotFound,
    /// The project has no such environment, or none that the caller may know of.
    #[error("no such environment")]
    EnvironmentNotFound {
        /// The input field that names it.
        field: &'static str,
    },
    /// An input value breaks a rule.
    #[error("{rule}")]
    Invalid {
        /// The input field.
        field: &'static str,
        /// The rule.
        rule: String,
    },
    /// Only what is approved is rendered.
    #[error("the release is {status}; only an approved release is rendered")]
    NotApproved {
        /// Its status.
        status: String,
    },
    /// The release ended.
    #[error("the release is {status}; nothing of it will be deployed")]
    ReleaseEnded {
        /// Its status.
        status: String,
    },
    /// The environment was taken out of the project's definition.
    #[error("the environment '{0}' is retired")]
    EnvironmentRetired(String),
    /// An artifact of the release is not ready.
    #[error("{kind} '{name}' of the release is {state}, not READY")]
    ArtifactNotReady {
        /// `IMAGE` or `PACKAGE`.
        kind: String,
        /// Its name.
        name: String,
        /// Its state.
        state: String,
    },
    /// The manifests or their overlays are wrong.
    #[error("the manifests of {module} for {environment} cannot be rendered")]
    InvalidManifest {
        /// The module.
        module: String,
        /// The environment.
        environment: String,
        /// Everything that is wrong; not empty.
        findings: Vec<Finding>,
    },
    /// Others kept changing the same things while the command was carried out.
    #[error("the repository of rendered manifests kept changing meanwhile; try again")]
    Contended,
    /// The event could not be written.
    #[error("the event could not be written")]
    Event(#[from] serde_json::Error),
}

impl ManifestError {
    pub(crate) fn invalid(field: &'static str, rule: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            rule: rule.into(),
        }
    }

    fn own_findings(&self) -> Vec<Finding> {
        match self {
            Self::InvalidManifest { findings, .. } => findings.clone(),
            _ => Vec::new(),
        }
    }
}

fault_of! { ManifestError:
    wraps [Denied, Store, Git, Directory],
    Self::NotFound => NotFound,
    Self::ReleaseNotFound => NotFound at "releaseId",
    Self::EnvironmentNotFound { field } => NotFound at *field,
    Self::Invalid { field, .. } => InvalidInput at *field,
    Self::NotApproved { .. } => FailedPrecondition at "releaseId",
    Self::ReleaseEnded { .. } => FailedPrecondition at "releaseId",
    Self::EnvironmentRetired(_) => FailedPrecondition at "environment",
    Self::ArtifactNotReady { .. } => FailedPrecondition at "releaseId",
    Self::InvalidManifest { .. } => InvalidManifest,
    Self::Contended => VersionConflict,
    Self::Event(_) => Internal,
}

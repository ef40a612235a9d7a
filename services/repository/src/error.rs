//! What the repository service refuses or fails with.

use sluice_git_host::GitHostError;
use sluice_kernel::{Denied, Finding, StaleVersion};
use sluice_schema::fault_of;
use sluice_store::StoreError;

/// A refusal or failure of the repository service.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The caller read an older version.
    #[error(transparent)]
    Stale(#[from] StaleVersion),
    /// The Git host refused or failed.
    #[error(transparent)]
    Git(#[from] GitHostError),
    /// There is none, or none that the caller may know of.
    #[error("no such repository")]
    NotFound,
    /// An input value breaks a rule.
    #[error("{rule}")]
    Invalid {
        /// The input field.
        field: &'static str,
        /// The rule.
        rule: String,
    },
    /// The name is taken by a repository with other settings.
    #[error("the project has a repository '{name}' with another {difference}")]
    NameTaken {
        /// The name.
        name: String,
        /// What differs.
        difference: &'static str,
    },
    /// An archived repository takes no changes.
    #[error("the repository is archived")]
    Archived,
    /// It is still being provisioned.
    #[error("the repository is not provisioned yet")]
    NotProvisioned,
    /// The event could not be written.
    #[error("the event could not be written")]
    Event(#[from] serde_json::Error),
}

impl RepositoryError {
    pub(crate) fn invalid(field: &'static str, rule: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            rule: rule.into(),
        }
    }

    fn own_findings(&self) -> Vec<Finding> {
        Vec::new()
    }
}

fault_of! { RepositoryError:
    wraps [Denied, Store, Stale, Git],
    Self::NotFound => NotFound,
    Self::Invalid { field, .. } => InvalidInput at *field,
    Self::NameTaken { .. } => Conflict at "name",
    Self::Archived | Self::NotProvisioned => FailedPrecondition,
    Self::Event(_) => Internal,
}

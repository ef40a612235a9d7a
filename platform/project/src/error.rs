//! What the projects refuse or fail with.

use sluice_kernel::{Denied, Finding, StaleVersion};
use sluice_schema::fault_of;
use sluice_store::StoreError;

/// A refusal or failure of the projects.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The caller read an older version.
    #[error(transparent)]
    Stale(#[from] StaleVersion),
    /// The text is no name of a project, so that there is none.
    #[error("no such project")]
    NotFound,
    /// An input value breaks a rule.
    #[error("{rule}")]
    Invalid {
        /// The input field, as `a[0]`.
        field: String,
        /// The rule.
        rule: String,
    },
    /// The project kept changing while the command was carried out.
    #[error("the project kept changing meanwhile; try again")]
    Contended,
    /// The event could not be written.
    #[error("the event could not be written")]
    Event(#[from] serde_json::Error),
}

impl ProjectError {
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

fault_of! { ProjectError:
    wraps [Denied, Store, Stale],
    Self::NotFound => NotFound at "projectId",
    Self::Invalid { field, .. } => InvalidInput at field.clone(),
    Self::Contended => VersionConflict,
    Self::Event(_) => Internal,
}

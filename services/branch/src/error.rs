//! What the branch service refuses or fails with.

use sluice_git_host::GitHostError;
use sluice_kernel::{AnyFault, Denied, Finding, StaleVersion};
use sluice_schema::fault_of;
use sluice_store::StoreError;

/// A refusal or failure of the branch service.
#[derive(Debug, thiserror::Error)]
pub enum BranchError {
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
    /// Another service refused or failed.
    #[error(transparent)]
    Directory(#[from] AnyFault),
    /// There is none, or none that the caller may know of.
    #[error("no such branch")]
    NotFound,
    /// There is no such repository, or none that the caller may know of.
    #[error("no such repository")]
    RepositoryNotFound,
    /// An input value breaks a rule.
    #[error("{rule}")]
    Invalid {
        /// The input field, as `a.b[0]`.
        field: String,
        /// The rule.
        rule: String,
    },
    /// The name is taken by a branch with another base.
    #[error("the repository has a branch '{name}' that started from {from_commit_sha}")]
    NameTaken {
        /// The name.
        name: String,
        /// What the existing branch started from.
        from_commit_sha: String,
    },
    /// The Git host cannot have a branch of that name.
    #[error("{reason}")]
    Refused {
        /// Why.
        reason: String,
    },
    /// The repository is archived, or not provisioned yet.
    #[error("the repository takes no changes")]
    NotWritable,
    /// The default branch stays.
    #[error("the default branch cannot be deleted")]
    DefaultBranch,
    /// A protected branch stays; its policy must change first.
    #[error("the branch is protected; it cannot be deleted")]
    Protected,
    /// The branch is being deleted, or is deleted.
    #[error("the branch is deleted")]
    Deleted,
    /// The branch kept changing while the command was carried out.
    #[error("the branch kept changing meanwhile; try again")]
    Contended,
    /// The event could not be written.
    #[error("the event could not be written")]
    Event(#[from] serde_json::Error),
}

impl BranchError {
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

fault_of! { BranchError:
    wraps [Denied, Store, Stale, Git, Directory],
    Self::NotFound => NotFound,
    Self::RepositoryNotFound => NotFound at "repositoryId",
    Self::Invalid { field, .. } => InvalidInput at field.clone(),
    Self::NameTaken { .. } | Self::Refused { .. } => Conflict at "name",
    Self::NotWritable | Self::DefaultBranch | Self::Deleted => FailedPrecondition,
    Self::Protected => BranchProtected,
    Self::Contended => VersionConflict,
    Self::Event(_) => Internal,
}

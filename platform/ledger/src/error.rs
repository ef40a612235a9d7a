//! What the ledger refuses or fails with.

use sluice_kernel::{Denied, PageError};
use sluice_schema::fault_of;
use sluice_store::StoreError;

/// A refusal or failure of the ledger and its read models.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A paging argument breaks a rule.
    #[error(transparent)]
    Page(#[from] PageError),
    /// There is no such object for this caller.
    #[error("no such {0}")]
    NotFound(&'static str, &'static str),
    /// An input value breaks a rule.
    #[error("{rule}")]
    Invalid {
        /// The input field, as `a[0]`.
        field: String,
        /// The rule.
        rule: String,
    },
    /// A row of the ledger cannot be read.
    #[error("a row of the ledger is damaged")]
    Damaged(#[from] serde_json::Error),
}

impl LedgerError {
    pub(crate) fn invalid(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Invalid {
            field: field.into(),
            rule: rule.into(),
        }
    }

    fn own_findings(&self) -> Vec<sluice_kernel::Finding> {
        Vec::new()
    }
}

fault_of! { LedgerError:
    wraps [Denied, Store, Page],
    Self::NotFound(_, field) => NotFound at *field,
    Self::Invalid { field, .. } => InvalidInput at field.clone(),
    Self::Damaged(_) => Internal,
}

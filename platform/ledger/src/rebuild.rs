//! Making the read models anew from the ledger.

use sluice_schema::TenantId;

/// What a rebuild of one tenant's read models led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// The tenant.
    pub tenant: TenantId,
    /// Events that were read.
    pub events: u64,
    /// Every table, before and after.
    pub tables: Vec<TableState>,
}

/// A table before and after a rebuild.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableState {
    /// Its name.
    pub name: &'static str,
    /// Rows now.
    pub rows: u64,
    /// Digest of all rows before.
    pub before: String,
    /// Digest of all rows now; equal unless the read model was wrong or is made differently now.
    pub after: String,
}

impl Rebuilt {
    /// Whether every table came out as it was.
    pub fn is_equal(&self) -> bool {
        self.tables.iter().all(|table| table.before == table.after)
    }
}

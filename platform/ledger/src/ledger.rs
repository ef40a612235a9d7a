//! The handle.

use std::sync::Arc;

use sluice_kernel::Ctx;
use sluice_store::Store;
use tokio::sync::watch;

use crate::{LedgerError, rows};

/// How far a tenant's ledger has got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Sequence of the last event; 0 while there is none.
    pub sequence: u64,
    /// Hash of the last event, hexadecimal; 64 zeros while there is none.
    pub hash: String,
}

struct Inner {
    store: Store,
    appended: watch::Sender<u64>,
}

/// One process's way to the ledgers of all tenants; cheap to clone.
#[derive(Clone)]
pub struct Ledger(Arc<Inner>);

impl Ledger {
    /// The ledger in `store`, whose schema is the migrations' `ledger`.
    pub fn new(store: Store) -> Self {
        let (appended, _) = watch::channel(0);
        Self(Arc::new(Inner { store, appended }))
    }

    /// Its database.
    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// Changes whenever this process has appended events, after their commit.
    pub fn appended(&self) -> watch::Receiver<u64> {
        self.0.appended.subscribe()
    }

    pub(crate) fn tell(&self) {
        self.0.appended.send_modify(|count| *count += 1);
    }

    /// How far the caller's tenant's ledger has got.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn head(&self, ctx: &Ctx) -> Result<Head, LedgerError> {
        let sql = "SELECT sequence, hash FROM ledger_head WHERE tenant_id = $1";
        let read = self.store().read_raw(ctx).await?;
        let found = read.query(sql, [ctx.tenant().as_str().into()]).await?;
        let Some(row) = found.first() else {
            return Ok(Head::start());
        };
        Ok(Head {
            sequence: rows::int(row, "sequence")?.unsigned_abs(),
            hash: rows::text(row, "hash")?,
        })
    }
}

impl Head {
    /// Before the first event.
    pub(crate) fn start() -> Self {
        Self {
            sequence: 0,
            hash: "0".repeat(64),
        }
    }
}

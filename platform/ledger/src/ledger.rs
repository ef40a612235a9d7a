//! The handle.

use std::sync::{Arc, OnceLock, Weak};

use sluice_kernel::Ctx;
use sluice_schema::Scope;
use sluice_store::Store;
use tokio::sync::watch;

use crate::{LedgerError, LedgerEvent, refusal::Flood, rows, stream::Teller};

/// How far a tenant's ledger has got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Sequence of the last event; 0 while there is none.
    pub sequence: u64,
    /// Hash of the last event, hexadecimal; 64 zeros while there is none.
    pub hash: String,
}

pub(crate) struct Inner {
    store: Store,
    appended: watch::Sender<u64>,
    flood: Flood,
    teller: OnceLock<Teller>,
}

/// One process's way to the ledgers of all tenants; cheap to clone.
#[derive(Clone)]
pub struct Ledger(Arc<Inner>);

impl Ledger {
    /// The ledger in `store`, whose schema is the migrations' `ledger`.
    pub fn new(store: Store) -> Self {
        let (appended, _) = watch::channel(0);
        Self(Arc::new(Inner {
            store,
            appended,
            flood: Flood::default(),
            teller: OnceLock::new(),
        }))
    }

    /// Its database.
    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// How many refusals of each actor it has recorded lately.
    pub(crate) fn flood(&self) -> &Flood {
        &self.0.flood
    }

    /// The same without keeping the database open.
    pub(crate) fn weak(&self) -> Weak<Inner> {
        Arc::downgrade(&self.0)
    }

    /// The ledger again, unless its last holder has let it go.
    pub(crate) fn strong(weak: &Weak<Inner>) -> Option<Self> {
        weak.upgrade().map(Self)
    }

    /// Changes whenever this process has appended events, after their commit.
    pub fn appended(&self) -> watch::Receiver<u64> {
        self.0.appended.subscribe()
    }

    /// Where the live channel is told of events.
    pub(crate) fn teller(&self) -> &OnceLock<Teller> {
        &self.0.teller
    }

    pub(crate) fn tell(&self, events: &[LedgerEvent]) {
        self.0.appended.send_modify(|count| *count += 1);
        if let Some(teller) = self.0.teller.get() {
            teller.tell(events);
        }
    }

    /// How far the caller's tenant's ledger has got.
    ///
    /// # Errors
    /// [`LedgerError::Denied`] without the right to read; what the database fails with.
    pub async fn head(&self, ctx: &Ctx) -> Result<Head, LedgerError> {
        ctx.require(Scope::Read)?;
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

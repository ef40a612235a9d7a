//! Making the read models anew from the ledger.

mod digest;

use sea_orm::{DbBackend, QueryResult, Value};
use sluice_schema::TenantId;
use sluice_store::{RawTx, StoreError};

use crate::{
    Ledger, LedgerError, append,
    patch::Folded,
    project,
    record::{COLUMNS, Record},
    rows,
};

const CHUNK: i64 = 2_000;

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

impl Ledger {
    /// Tenants that have a ledger, in the order of their names.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn tenants(&self) -> Result<Vec<TenantId>, LedgerError> {
        let tx = self.store().begin_raw().await?;
        let sql = "SELECT tenant_id FROM ledger_head ORDER BY tenant_id";
        let found = tx.query(sql, []).await?;
        let read = |row: &QueryResult| {
            let name = rows::text(row, "tenant_id")?;
            let tenant = name.parse();
            Ok(tenant.map_err(|error| StoreError::damaged("ledger head", error))?)
        };
        found.iter().map(read).collect()
    }

    /// Makes the read models of a tenant anew from its ledger, in one transaction: readers see
    /// the old ones until it ends, writers wait for it. It may run in any process while servers
    /// work.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] and its like when an event cannot be read, and what the database
    /// fails with; the read models are as they were then.
    pub async fn rebuild(&self, tenant: &TenantId) -> Result<Rebuilt, LedgerError> {
        let tx = self.store().begin_raw().await?;
        if tx.backend() == DbBackend::Postgres {
            for sql in [
                "SET LOCAL statement_timeout = 0",
                "SET LOCAL idle_in_transaction_session_timeout = 0",
            ] {
                tx.execute(sql, []).await?;
            }
        }
        append::lock(&tx, std::iter::once(tenant)).await?;
        let mut states = Vec::new();
        for table in project::tables() {
            let (_, before) = digest::of(&tx, tenant, table).await?;
            let sql = format!("DELETE FROM {} WHERE tenant_id = $1", table.name);
            tx.execute(&sql, [tenant.as_str().into()]).await?;
            states.push((table, before));
        }
        let events = replay(&tx, tenant).await?;
        let mut tables = Vec::new();
        for (table, before) in states {
            let (rows, after) = digest::of(&tx, tenant, table).await?;
            tables.push(TableState {
                name: table.name,
                rows,
                before,
                after,
            });
        }
        tx.commit().await?;
        Ok(Rebuilt {
            tenant: tenant.clone(),
            events,
            tables,
        })
    }
}

async fn replay(tx: &RawTx, tenant: &TenantId) -> Result<u64, LedgerError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM ledger_event WHERE tenant_id = $1 AND sequence > $2 \
         ORDER BY sequence LIMIT $3"
    );
    let (mut after, mut events) = (0_i64, 0_u64);
    loop {
        let values: [Value; 3] = [tenant.as_str().into(), after.into(), CHUNK.into()];
        let found = tx.query(&sql, values).await?;
        if found.is_empty() {
            return Ok(events);
        }
        let mut folded = Folded::default();
        for row in found {
            let record = Record::read(tenant, &row)?;
            append::project(&mut folded, &record)?;
            (after, events) = (record.sequence, events + 1);
        }
        folded.write(tx, tenant).await?;
    }
}

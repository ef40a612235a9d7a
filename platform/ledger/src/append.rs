//! The only writer.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::LazyLock,
};

use sea_orm::{DbBackend, Value};
use sluice_schema::{Envelope, TenantId};
use sluice_store::{RawTx, StoreError, in_set_sql, set_value};

use crate::{
    Head, Ledger, LedgerError, LedgerEvent,
    patch::{Folded, Rows, insert_sql},
    project::{self, Recorded},
    record::{EVENT, Record},
    rows,
};

static INSERT: LazyLock<[String; 2]> =
    LazyLock::new(|| [DbBackend::Postgres, DbBackend::Sqlite].map(|b| insert_sql(b, &EVENT)));

impl Ledger {
    /// Appends events, in their order, each tenant's to its own ledger: all of them or none, and
    /// together with what they change in the read models. Events that are there already are left
    /// out. Returns the new ones, tenant by tenant. Any number of processes may append at once: a
    /// tenant's sequences have no holes, and their order is the order of commits.
    ///
    /// # Errors
    /// What the database fails with; nothing was appended then, unless the connection broke
    /// during the commit itself, and appending again is safe.
    pub async fn append(&self, events: &[Envelope]) -> Result<Vec<LedgerEvent>, LedgerError> {
        let mut tenants: BTreeMap<TenantId, Vec<Record>> = BTreeMap::new();
        for event in events {
            let records = tenants.entry(event.tenant_id.clone()).or_default();
            records.push(Record::of(event)?);
        }
        if tenants.is_empty() {
            return Ok(Vec::new());
        }
        let tx = self.store().begin_raw().await?;
        let mut heads = lock(&tx, tenants.keys()).await?;
        let mut appended = Vec::new();
        for (tenant, records) in tenants {
            let head = heads.remove(tenant.as_str()).unwrap_or_else(Head::start);
            appended.extend(append(&tx, &tenant, head, records).await?);
        }
        tx.commit().await?;
        if !appended.is_empty() {
            self.tell(&appended);
        }
        Ok(appended)
    }
}

/// Locks the heads of tenants until the end of the transaction and reads them. On SQLite the
/// transaction itself is the lock. One statement each, in the order of tenants, so that two
/// writers cannot wait for each other.
pub(crate) async fn lock(
    tx: &RawTx,
    tenants: impl Iterator<Item = &TenantId>,
) -> Result<BTreeMap<String, Head>, LedgerError> {
    let insert = "INSERT INTO ledger_head (tenant_id, sequence, hash) VALUES ($1, 0, $2) \
                  ON CONFLICT (tenant_id) DO NOTHING";
    let read = match tx.backend() {
        DbBackend::Postgres => {
            "SELECT sequence, hash FROM ledger_head WHERE tenant_id = $1 FOR UPDATE"
        }
        _ => "SELECT sequence, hash FROM ledger_head WHERE tenant_id = $1",
    };
    let tenants: BTreeSet<&TenantId> = tenants.collect();
    let mut heads = BTreeMap::new();
    for tenant in tenants {
        let start = Head::start().hash;
        tx.execute(insert, [tenant.as_str().into(), start.into()])
            .await?;
        let found = tx.query(read, [tenant.as_str().into()]).await?;
        let row = found
            .first()
            .ok_or_else(|| StoreError::damaged("ledger head", "it is gone"))?;
        let head = Head {
            sequence: rows::int(row, "sequence")?.unsigned_abs(),
            hash: rows::text(row, "hash")?,
        };
        heads.insert(tenant.as_str().to_owned(), head);
    }
    Ok(heads)
}

async fn append(
    tx: &RawTx,
    tenant: &TenantId,
    head: Head,
    records: Vec<Record>,
) -> Result<Vec<LedgerEvent>, LedgerError> {
    let mut known = known(tx, tenant, &records).await?;
    let mut sequence = sequence_of(&head)?;
    let mut hash = head.hash;
    let (mut new, mut folded, mut texts) = (Vec::new(), Folded::default(), Rows::default());
    for mut record in records {
        if !known.insert(record.envelope().event_id.to_string()) {
            continue;
        }
        sequence += 1;
        record.place(sequence, &hash);
        hash.clone_from(&record.hash);
        project(&mut folded, &record)?;
        if let Some(chunk) = texts.push(record.row())? {
            insert(tx, tenant, chunk).await?;
        }
        new.push(record.shown());
    }
    if new.is_empty() {
        return Ok(new);
    }
    if let Some(chunk) = texts.rest() {
        insert(tx, tenant, chunk).await?;
    }
    folded.write(tx, tenant).await?;
    let sql = "UPDATE ledger_head SET sequence = $2, hash = $3 WHERE tenant_id = $1";
    let values: [Value; 3] = [tenant.as_str().into(), sequence.into(), hash.into()];
    tx.execute(sql, values).await?;
    Ok(new)
}

/// Folds what an event changes in the read models to what those before it did.
pub(crate) fn project(folded: &mut Folded, record: &Record) -> Result<(), LedgerError> {
    let recorded = Recorded {
        sequence: record.sequence,
        event: record.envelope(),
    };
    for patch in project::patches(&recorded) {
        folded.add(patch)?;
    }
    Ok(())
}

fn sequence_of(head: &Head) -> Result<i64, LedgerError> {
    let sequence = i64::try_from(head.sequence);
    Ok(sequence.map_err(|error| StoreError::damaged("ledger head", error))?)
}

async fn known(
    tx: &RawTx,
    tenant: &TenantId,
    records: &[Record],
) -> Result<HashSet<String>, LedgerError> {
    let backend = tx.backend();
    let ids = records
        .iter()
        .map(|record| record.envelope().event_id.to_string());
    let sql = format!(
        "SELECT event_id FROM ledger_event WHERE tenant_id = $1 AND {}",
        in_set_sql(backend, "event_id", 2)
    );
    let values = [tenant.as_str().into(), set_value(backend, ids)];
    let found = tx.query(&sql, values).await?;
    found
        .iter()
        .map(|row| rows::text(row, "event_id"))
        .collect()
}

async fn insert(tx: &RawTx, tenant: &TenantId, rows: String) -> Result<(), LedgerError> {
    let [postgres, sqlite] = &*INSERT;
    let sql = match tx.backend() {
        DbBackend::Postgres => postgres,
        _ => sqlite,
    };
    let values: [Value; 2] = [tenant.as_str().into(), rows.into()];
    tx.execute(sql, values).await?;
    Ok(())
}

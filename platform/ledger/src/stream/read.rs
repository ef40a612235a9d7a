//! What streams read from the ledger.

use std::{collections::VecDeque, sync::Arc};

use sea_orm::Value;
use sluice_kernel::Ctx;
use sluice_schema::TenantId;
use sluice_store::{in_set_sql, set_value};

use crate::{
    EventFilter, Ledger, LedgerError, LedgerEvent,
    events::Condition,
    record::{COLUMNS, Record},
    rows,
};

fn place(sequence: u64) -> Value {
    i64::try_from(sequence).unwrap_or(i64::MAX).into()
}

/// Part of the ledger: what is wanted of it, and where it ends.
pub(super) struct Part {
    /// Events, in order.
    pub(super) events: VecDeque<Arc<LedgerEvent>>,
    /// Up to where nothing else is wanted.
    pub(super) to: u64,
}

impl Ledger {
    /// At most `limit` events after `after`, whatever they are, with their size in bytes.
    pub(super) async fn all_after(
        &self,
        ctx: &Ctx,
        after: u64,
        limit: u64,
    ) -> Result<Vec<(LedgerEvent, usize)>, LedgerError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM ledger_event WHERE tenant_id = $1 AND sequence > $2 \
             ORDER BY sequence LIMIT $3"
        );
        let read = self.store().read_raw(ctx).await?;
        let binds = [ctx.tenant().as_str().into(), place(after), place(limit)];
        let found = read.query(&sql, binds).await?;
        let records = found.iter().map(|row| Record::read(ctx.tenant(), row));
        records
            .map(|record| {
                let record = record?;
                let bytes = record.size();
                Ok((record.shown(), bytes))
            })
            .collect()
    }

    /// At most `limit` events after `after` and not beyond `to` that match and that the caller
    /// may see.
    pub(super) async fn matching_after(
        &self,
        ctx: &Ctx,
        filter: &EventFilter,
        after: u64,
        to: u64,
        limit: u64,
    ) -> Result<Part, LedgerError> {
        let mut part = Part {
            events: VecDeque::new(),
            to,
        };
        let read = self.store().read_raw(ctx).await?;
        let Some(mut condition) = Condition::of(read.backend(), ctx, filter) else {
            return Ok(part);
        };
        condition.compare("sequence >", place(after));
        condition.compare("sequence <=", place(to));
        let most = condition.bind(place(limit));
        let sql = format!(
            "SELECT {COLUMNS} FROM ledger_event WHERE {} ORDER BY sequence LIMIT ${most}",
            condition.sql()
        );
        for row in read.query(&sql, condition.into_values()).await? {
            let event = Record::read(ctx.tenant(), &row)?.shown();
            part.events.push_back(Arc::new(event));
        }
        match part.events.back() {
            Some(last) if part.events.len() as u64 >= limit => part.to = last.sequence,
            _ => {}
        }
        Ok(part)
    }

    /// Where the ledgers of these tenants end; for the hub alone, never for a caller.
    pub(super) async fn ends(
        &self,
        tenants: &[TenantId],
    ) -> Result<Vec<(TenantId, u64)>, LedgerError> {
        let backend = self.store().backend();
        let sql = format!(
            "SELECT tenant_id, sequence FROM ledger_head WHERE {}",
            in_set_sql(backend, "tenant_id", 1)
        );
        let names = tenants.iter().map(|tenant| tenant.as_str().to_owned());
        let binds = [set_value(backend, names)];
        let found = self.store().query_everywhere(&sql, binds).await?;
        let mut ends = Vec::with_capacity(found.len());
        for row in &found {
            // What cannot be a tenant was not asked for.
            if let Ok(tenant) = rows::text(row, "tenant_id")?.parse() {
                ends.push((tenant, rows::int(row, "sequence")?.unsigned_abs()));
            }
        }
        Ok(ends)
    }
}

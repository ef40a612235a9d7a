//! The outbox: events that were committed with a change and wait for the relay.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use sluice_kernel::{Ctx, micros};
use sluice_schema::{Envelope, EventId, NewEvent};

use crate::{Store, StoreError, session::Session};

/// An event in the outbox.
#[derive(Debug, Clone)]
pub struct OutboxRow {
    /// Its place; the order of one aggregate's events.
    pub position: i64,
    /// The event.
    pub envelope: Envelope,
}

/// The relay's view of a store's outbox.
pub struct Outbox<'a> {
    pub(crate) store: &'a Store,
}

pub(crate) fn seal(ctx: &Ctx, now: DateTime<Utc>, event: NewEvent) -> Envelope {
    Envelope {
        event_id: EventId::generate(),
        event_type: event.event_type.to_owned(),
        schema_version: event.schema_version,
        tenant_id: ctx.tenant().clone(),
        project_id: event.project_id,
        module_id: event.module_id,
        trace_id: ctx.trace_id().to_owned(),
        correlation_id: ctx.correlation_id().to_owned(),
        causation_id: ctx.causation_id(),
        sequence: None,
        occurred_at: now,
        subject: event.subject,
        actor: ctx.actor().clone(),
        payload: event.payload,
    }
}

pub(crate) async fn write(
    tx: &Session,
    backend: DbBackend,
    envelopes: &[Envelope],
) -> Result<(), StoreError> {
    for envelope in envelopes {
        let json =
            serde_json::to_string(envelope).map_err(|e| StoreError::damaged("Envelope", e))?;
        let sql = "INSERT INTO outbox (event_id, envelope, claimed_until) VALUES ($1, $2, 0)";
        let values: [Value; 2] = [envelope.event_id.to_string().into(), json.into()];
        tx.execute_raw(Statement::from_sql_and_values(backend, sql, values))
            .await?;
    }
    Ok(())
}

impl<'a> Outbox<'a> {
    pub(crate) fn new(store: &'a Store) -> Self {
        Self { store }
    }

    /// Leases the oldest events. While one lease is held nobody else gets events of this
    /// store, so that they reach the bus in order; a lease that is not completed runs out.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn claim(&self, limit: u32, lease: Duration) -> Result<Vec<OutboxRow>, StoreError> {
        let tx = self.store.begin_as("*").await?;
        self.lease(tx, "TRUE", limit, lease).await
    }

    // Leases the oldest of the events that `which` selects, in SQL, and commits.
    pub(crate) async fn lease(
        &self,
        tx: Session,
        which: &str,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let backend = self.store.backend();
        if backend == DbBackend::Postgres && !sole_relay(&tx).await? {
            return Ok(Vec::new());
        }
        let now = micros(Utc::now());
        let until = now + i64::try_from(lease.as_micros()).unwrap_or(i64::MAX / 2);
        let sql = format!(
            "UPDATE outbox SET claimed_until = $1 WHERE position IN \
               (SELECT position FROM outbox WHERE {which} AND NOT EXISTS \
                 (SELECT 1 FROM outbox WHERE {which} AND claimed_until > $2) \
                ORDER BY position LIMIT $3) \
             RETURNING position, envelope"
        );
        let values: [Value; 3] = [until.into(), now.into(), i64::from(limit).into()];
        let rows = tx
            .query_all_raw(Statement::from_sql_and_values(backend, sql, values))
            .await?;
        let mut claimed = Vec::with_capacity(rows.len());
        for row in rows {
            let json: String = row.try_get("", "envelope")?;
            let envelope =
                serde_json::from_str(&json).map_err(|e| StoreError::damaged("Envelope", e))?;
            claimed.push(OutboxRow {
                position: row.try_get("", "position")?,
                envelope,
            });
        }
        tx.commit().await?;
        claimed.sort_by_key(|row| row.position);
        Ok(claimed)
    }

    /// Removes events that the bus has taken.
    ///
    /// # Errors
    /// What the database fails with; the events are then offered again.
    pub async fn complete(&self, rows: &[OutboxRow]) -> Result<(), StoreError> {
        let tx = self.store.begin_as("*").await?;
        for row in rows {
            let sql = "DELETE FROM outbox WHERE position = $1";
            let values: [Value; 1] = [row.position.into()];
            tx.execute_raw(Statement::from_sql_and_values(
                self.store.backend(),
                sql,
                values,
            ))
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Ends the lease that an earlier process left, where the store belongs to one process at a
    /// time; elsewhere it runs out by itself. Called once, before the first claim.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn take_over(&self) -> Result<(), StoreError> {
        if self.store.is_shared() {
            Ok(())
        } else {
            self.release().await
        }
    }

    /// Gives leased events back at once, after the bus refused them.
    ///
    /// # Errors
    /// What the database fails with; the lease runs out by itself then.
    pub async fn release(&self) -> Result<(), StoreError> {
        let tx = self.store.begin_as("*").await?;
        tx.execute_unprepared("UPDATE outbox SET claimed_until = 0 WHERE claimed_until > 0")
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// How many events wait for the bus, or for being handled where the bus may lose them.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn backlog(&self) -> Result<u64, StoreError> {
        let tx = self.store.begin_as("*").await?;
        let statement = Statement::from_string(
            self.store.backend(),
            "SELECT count(*) AS waiting FROM outbox".to_owned(),
        );
        let row = tx.query_one_raw(statement).await?;
        let waiting: i64 = row
            .map(|row| row.try_get("", "waiting"))
            .transpose()?
            .unwrap_or(0);
        Ok(waiting.unsigned_abs())
    }
}

// Two relays that claim at the same instant would not see each other's lease.
async fn sole_relay(tx: &Session) -> Result<bool, StoreError> {
    let statement = Statement::from_string(
        DbBackend::Postgres,
        "SELECT pg_try_advisory_xact_lock(hashtext('sluice.outbox.' || current_schema())) AS sole"
            .to_owned(),
    );
    let row = tx.query_one_raw(statement).await?;
    Ok(row
        .map(|row| row.try_get("", "sole"))
        .transpose()?
        .unwrap_or(false))
}

//! Events that stay in the outbox after they were published, because the bus may lose them.

use std::time::Duration;

use sea_orm::{ConnectionTrait, Statement, Value};
use sluice_schema::EventId;

use crate::{Outbox, OutboxRow, StoreError, in_set_sql, set_value};

impl Outbox<'_> {
    /// Leases the oldest events that were not published in `epoch`, under the rule of
    /// [`claim`](Self::claim). Those that were published in another one are unpublished from now
    /// on.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn claim_unpublished(
        &self,
        epoch: &str,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let tx = self.store.begin_as("*").await?;
        // Two ranges of the index; "unequal" would read all of it.
        let sql = "UPDATE outbox SET published_in = NULL \
                   WHERE published_in < $1 OR published_in > $1";
        tx.execute_raw(self.statement(sql, [epoch.into()])).await?;
        self.lease(tx, "published_in IS NULL", limit, lease).await
    }

    /// Notes that leased events were published in `epoch`, and ends their leases.
    ///
    /// # Errors
    /// What the database fails with; the events are published again then.
    pub async fn mark_published(&self, rows: &[OutboxRow], epoch: &str) -> Result<(), StoreError> {
        let backend = self.store.backend();
        let sql = format!(
            "UPDATE outbox SET published_in = $1, claimed_until = 0 WHERE {}",
            in_set_sql(backend, "event_id", 2)
        );
        let events = rows.iter().map(|row| row.envelope.event_id.to_string());
        let values = [epoch.into(), set_value(backend, events)];
        let tx = self.store.begin_as("*").await?;
        tx.execute_raw(self.statement(&sql, values)).await?;
        Ok(tx.commit().await?)
    }

    /// Events that were published in `epoch`, oldest first, each with its position, from which
    /// on is `after`.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn published(
        &self,
        epoch: &str,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, EventId)>, StoreError> {
        let sql = "SELECT position, event_id FROM outbox \
                   WHERE published_in = $1 AND position > $2 ORDER BY position LIMIT $3";
        let values = [epoch.into(), after.into(), i64::from(limit).into()];
        let reader = self.store.platform_reader().await?;
        let rows = reader.query_all_raw(self.statement(sql, values)).await?;
        let mut published = Vec::with_capacity(rows.len());
        for row in rows {
            let event: String = row.try_get("", "event_id")?;
            let event = event.parse();
            let event = event.map_err(|error| StoreError::damaged("EventId", error))?;
            published.push((row.try_get("", "position")?, event));
        }
        Ok(published)
    }

    /// Removes events that all consumers have handled.
    ///
    /// # Errors
    /// What the database fails with; they are asked about again then.
    pub async fn remove_handled(&self, events: &[EventId]) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let backend = self.store.backend();
        let sql = format!(
            "DELETE FROM outbox WHERE {}",
            in_set_sql(backend, "event_id", 1)
        );
        let values = [set_value(backend, events.iter().map(ToString::to_string))];
        let tx = self.store.begin_as("*").await?;
        tx.execute_raw(self.statement(&sql, values)).await?;
        Ok(tx.commit().await?)
    }

    fn statement(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.store.backend(), sql, values)
    }
}

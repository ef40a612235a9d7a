//! The transport of the embedded mode: durable through a store of its own.

mod hand_over;
mod runs;

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use chrono::Utc;
use sea_orm::{QueryResult, Value};
use sluice_kernel::{PageRequest, micros, time_of_micros};
use sluice_schema::{Envelope, EventId, TenantId};
use sluice_store::{RawTx, Store, StoreError};
use tokio::sync::Notify;

use crate::{Backlog, BusError, DeadLetter, Delivery, Route, Transport};

/// A queue per consumer in a database. Several processes may share it on PostgreSQL.
pub struct EmbeddedTransport {
    store: Store,
    routes: Vec<Route>,
    woken: HashMap<&'static str, Notify>,
}

impl EmbeddedTransport {
    /// A transport on `store`, whose schema is the migrations' `bus`.
    pub fn new(store: Store, routes: Vec<Route>) -> Self {
        let woken = routes
            .iter()
            .map(|route| (route.consumer, Notify::new()))
            .collect();
        Self {
            store,
            routes,
            woken,
        }
    }

    fn wake(&self, consumer: &str) {
        if let Some(notify) = self.woken.get(consumer) {
            notify.notify_one();
        }
    }

    async fn insert(&self, tx: &RawTx, event: &Envelope) -> Result<Vec<&'static str>, BusError> {
        let consumers: Vec<&'static str> = self
            .routes
            .iter()
            .filter(|route| route.event_types.contains(&event.event_type.as_str()))
            .map(|route| route.consumer)
            .collect();
        if consumers.is_empty() {
            return Ok(consumers);
        }
        let sql = "INSERT INTO message (event_id, envelope) VALUES ($1, $2) \
                   ON CONFLICT (event_id) DO NOTHING RETURNING position";
        let values = [
            event.event_id.to_string().into(),
            serde_json::to_string(event)?.into(),
        ];
        let Some(row) = tx.query(sql, values).await?.into_iter().next() else {
            return Ok(Vec::new());
        };
        let position: i64 = row.try_get("", "position").map_err(StoreError::from)?;
        for consumer in &consumers {
            let sql = "INSERT INTO delivery (consumer, event_id, position, tenant_id, subject_id, \
                       attempts, available_at, claimed_until) VALUES ($1, $2, $3, $4, $5, 0, 0, 0) \
                       ON CONFLICT (consumer, event_id) DO NOTHING";
            let values = [
                (*consumer).into(),
                event.event_id.to_string().into(),
                position.into(),
                event.tenant_id.as_str().into(),
                event.subject.id.as_str().into(),
            ];
            tx.execute(sql, values).await?;
        }
        Ok(consumers)
    }
}

fn in_micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 4)
}

fn text(row: &QueryResult, column: &str) -> Result<String, BusError> {
    Ok(row.try_get("", column).map_err(StoreError::from)?)
}

fn number(row: &QueryResult, column: &str) -> Result<i64, BusError> {
    Ok(row.try_get("", column).map_err(StoreError::from)?)
}

const CLAIM: &str = "UPDATE delivery SET claimed_until = $1, attempts = attempts + 1 \
    WHERE consumer = $2 AND event_id IN ( \
      SELECT d.event_id FROM delivery d \
      WHERE d.consumer = $2 AND d.dead_at IS NULL AND d.available_at <= $3 AND d.claimed_until <= $3 \
      AND NOT EXISTS (SELECT 1 FROM delivery e WHERE e.consumer = d.consumer \
        AND e.subject_id = d.subject_id AND e.dead_at IS NULL AND e.position < d.position) \
      ORDER BY d.position LIMIT $4) \
    RETURNING event_id, attempts, position, \
      (SELECT envelope FROM message m WHERE m.event_id = delivery.event_id) AS envelope";

#[async_trait]
impl Transport for EmbeddedTransport {
    async fn take_over(&self) -> Result<(), BusError> {
        if self.store.is_shared() {
            return Ok(());
        }
        let tx = self.store.begin_raw().await?;
        tx.execute(
            "UPDATE delivery SET claimed_until = 0 WHERE claimed_until > 0",
            [],
        )
        .await?;
        Ok(tx.commit().await?)
    }

    async fn publish(&self, events: &[Envelope]) -> Result<(), BusError> {
        let tx = self.store.begin_raw().await?;
        let mut wake = Vec::new();
        for event in events {
            wake.extend(self.insert(&tx, event).await?);
        }
        tx.commit().await?;
        for consumer in wake {
            self.wake(consumer);
        }
        Ok(())
    }

    async fn claim(
        &self,
        consumer: &str,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<Delivery>, BusError> {
        let tx = self.store.begin_raw().await?;
        // Two claims at the same instant would not see each other's lease.
        if !tx.try_lock(&format!("sluice.claim.{consumer}")).await? {
            return Ok(Vec::new());
        }
        let now = micros(Utc::now());
        let values: [Value; 4] = [
            (now + in_micros(lease)).into(),
            consumer.into(),
            now.into(),
            i64::from(limit).into(),
        ];
        let mut rows = Vec::new();
        for row in tx.query(CLAIM, values).await? {
            let delivery = Delivery {
                consumer: consumer.to_owned(),
                attempt: u32::try_from(number(&row, "attempts")?).unwrap_or(u32::MAX),
                envelope: serde_json::from_str(&text(&row, "envelope")?)?,
            };
            rows.push((number(&row, "position")?, delivery));
        }
        tx.commit().await?;
        rows.sort_by_key(|(position, _)| *position);
        Ok(rows.into_iter().map(|(_, delivery)| delivery).collect())
    }

    async fn claim_run(
        &self,
        consumer: &str,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<Delivery>, BusError> {
        self.run_of(consumer, limit, lease).await
    }

    async fn complete(&self, delivery: &Delivery) -> Result<(), BusError> {
        self.completed(std::slice::from_ref(delivery)).await
    }

    async fn complete_all(&self, deliveries: &[Delivery]) -> Result<(), BusError> {
        self.completed(deliveries).await
    }

    async fn release(&self, deliveries: &[Delivery]) -> Result<(), BusError> {
        self.released(deliveries).await
    }

    async fn fail(
        &self,
        delivery: &Delivery,
        error: &str,
        delay: Option<Duration>,
    ) -> Result<(), BusError> {
        let now = micros(Utc::now());
        let (available, dead): (i64, Option<i64>) = match delay {
            Some(delay) => (now + in_micros(delay), None),
            None => (now, Some(now)),
        };
        let tx = self.store.begin_raw().await?;
        let sql = "UPDATE delivery SET claimed_until = 0, available_at = $1, dead_at = $2, \
                   last_error = $3 WHERE consumer = $4 AND event_id = $5";
        let values = [
            available.into(),
            dead.into(),
            error.into(),
            delivery.consumer.as_str().into(),
            delivery.envelope.event_id.to_string().into(),
        ];
        tx.execute(sql, values).await?;
        tx.commit().await?;
        self.wake(&delivery.consumer);
        Ok(())
    }

    async fn ready(&self, consumer: &str, at_most: Duration) {
        match self.woken.get(consumer) {
            Some(notify) => {
                let _ = tokio::time::timeout(at_most, notify.notified()).await;
            }
            None => tokio::time::sleep(at_most).await,
        }
    }

    async fn dead_letters(
        &self,
        tenant: &TenantId,
        request: &PageRequest,
        after: Option<(EventId, String)>,
    ) -> Result<Vec<DeadLetter>, BusError> {
        let (event, consumer) = after
            .map(|(event, consumer)| (event.to_string(), consumer))
            .unwrap_or_default();
        let sql = "SELECT d.consumer, d.attempts, d.last_error, d.dead_at, m.envelope \
                   FROM delivery d JOIN message m ON m.event_id = d.event_id \
                   WHERE d.tenant_id = $1 AND d.dead_at IS NOT NULL \
                   AND (d.event_id > $2 OR (d.event_id = $2 AND d.consumer > $3)) \
                   ORDER BY d.event_id, d.consumer LIMIT $4";
        let limit = i64::try_from(request.limit).unwrap_or(i64::MAX - 1) + 1;
        let values = [
            tenant.as_str().into(),
            event.into(),
            consumer.into(),
            limit.into(),
        ];
        let tx = self.store.begin_raw().await?;
        let mut letters = Vec::new();
        for row in tx.query(sql, values).await? {
            letters.push(DeadLetter {
                consumer: text(&row, "consumer")?,
                attempts: u32::try_from(number(&row, "attempts")?).unwrap_or(u32::MAX),
                error: text(&row, "last_error")?,
                died_at: time_of_micros(number(&row, "dead_at")?),
                envelope: serde_json::from_str(&text(&row, "envelope")?)?,
            });
        }
        Ok(letters)
    }

    async fn redrive(
        &self,
        tenant: &TenantId,
        letters: &[(EventId, String)],
    ) -> Result<u64, BusError> {
        let tx = self.store.begin_raw().await?;
        let mut redriven = 0;
        for (event, consumer) in letters {
            let sql = "UPDATE delivery SET dead_at = NULL, attempts = 0, available_at = 0, \
                       claimed_until = 0 WHERE tenant_id = $1 AND event_id = $2 AND consumer = $3 \
                       AND dead_at IS NOT NULL";
            let values = [
                tenant.as_str().into(),
                event.to_string().into(),
                consumer.as_str().into(),
            ];
            redriven += tx.execute(sql, values).await?;
        }
        tx.commit().await?;
        for (_, consumer) in letters {
            self.wake(consumer);
        }
        Ok(redriven)
    }

    async fn backlog(&self) -> Result<Backlog, BusError> {
        let tx = self.store.begin_raw().await?;
        let sql = "SELECT count(*) AS total, count(dead_at) AS dead FROM delivery";
        let rows = tx.query(sql, []).await?;
        let Some(row) = rows.first() else {
            return Ok(Backlog::default());
        };
        let dead = number(row, "dead")?.unsigned_abs();
        Ok(Backlog {
            waiting: number(row, "total")?.unsigned_abs() - dead,
            dead,
        })
    }
}

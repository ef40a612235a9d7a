//! Runs of deliveries in the order of the bus, and outcomes of many at once.

use std::{collections::BTreeMap, time::Duration};

use chrono::Utc;
use sea_orm::{DbBackend, Value};
use sluice_kernel::micros;
use sluice_store::{RawTx, in_set_sql, set_value};

use super::{EmbeddedTransport, in_micros, number, text};
use crate::{BusError, Delivery};

const LEASED: &str =
    "SELECT 1 AS leased FROM delivery WHERE consumer = $1 AND claimed_until > $2 LIMIT 1";
const OLDEST: &str = "SELECT d.event_id, d.attempts, d.available_at, m.envelope \
    FROM delivery d JOIN message m ON m.event_id = d.event_id \
    WHERE d.consumer = $1 AND d.dead_at IS NULL ORDER BY d.position LIMIT $2";

impl EmbeddedTransport {
    pub(super) async fn run_of(
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
        if !tx
            .query(LEASED, [consumer.into(), now.into()])
            .await?
            .is_empty()
        {
            return Ok(Vec::new());
        }
        let values: [Value; 2] = [consumer.into(), i64::from(limit).into()];
        let mut run = Vec::new();
        for row in tx.query(OLDEST, values).await? {
            if number(&row, "available_at")? > now {
                break;
            }
            let attempts = u32::try_from(number(&row, "attempts")?).unwrap_or(u32::MAX);
            run.push(Delivery {
                consumer: consumer.to_owned(),
                attempt: attempts.saturating_add(1),
                envelope: serde_json::from_str(&text(&row, "envelope")?)?,
            });
        }
        if !run.is_empty() {
            let sql = format!(
                "UPDATE delivery SET claimed_until = $1, attempts = attempts + 1 \
                 WHERE consumer = $2 AND {}",
                in_set_sql(tx.backend(), "event_id", 3)
            );
            let until = (now + in_micros(lease)).into();
            let values = [
                until,
                consumer.into(),
                set_value(tx.backend(), events(&run)),
            ];
            tx.execute(&sql, values).await?;
        }
        tx.commit().await?;
        Ok(run)
    }

    pub(super) async fn completed(&self, deliveries: &[Delivery]) -> Result<(), BusError> {
        if deliveries.is_empty() {
            return Ok(());
        }
        let tx = self.store.begin_raw().await?;
        let set = set_value(tx.backend(), events(deliveries));
        lock_messages(&tx, &set).await?;
        let within = |column| in_set_sql(tx.backend(), column, 1);
        let consumers = consumers(deliveries);
        for (consumer, deliveries) in &consumers {
            let own = in_set_sql(tx.backend(), "event_id", 2);
            let sql = format!("DELETE FROM delivery WHERE consumer = $1 AND {own}");
            let own = events(deliveries.iter().copied());
            let values = [(*consumer).into(), set_value(tx.backend(), own)];
            tx.execute(&sql, values).await?;
        }
        let sql = format!(
            "DELETE FROM message WHERE {} AND NOT EXISTS \
             (SELECT 1 FROM delivery d WHERE d.event_id = message.event_id)",
            within("event_id")
        );
        tx.execute(&sql, [set]).await?;
        tx.commit().await?;
        // The next events of the same subjects are free now.
        for consumer in consumers.keys() {
            self.wake(consumer);
        }
        Ok(())
    }

    pub(super) async fn released(&self, deliveries: &[Delivery]) -> Result<(), BusError> {
        if deliveries.is_empty() {
            return Ok(());
        }
        let tx = self.store.begin_raw().await?;
        let consumers = consumers(deliveries);
        for (consumer, deliveries) in &consumers {
            let sql = format!(
                "UPDATE delivery SET claimed_until = 0, attempts = attempts - 1 \
                 WHERE consumer = $1 AND attempts > 0 AND claimed_until > 0 AND {}",
                in_set_sql(tx.backend(), "event_id", 2)
            );
            let own = events(deliveries.iter().copied());
            let values = [(*consumer).into(), set_value(tx.backend(), own)];
            tx.execute(&sql, values).await?;
        }
        tx.commit().await?;
        for consumer in consumers.keys() {
            self.wake(consumer);
        }
        Ok(())
    }
}

// The last consumers of a message that complete it at once would each see the other's delivery,
// and the message would stay for ever. Locked in one order, so that nobody waits in a circle.
async fn lock_messages(tx: &RawTx, set: &Value) -> Result<(), BusError> {
    if tx.backend() == DbBackend::Postgres {
        let sql = "SELECT 1 AS locked FROM message WHERE event_id = ANY($1) \
                   ORDER BY position FOR UPDATE";
        tx.query(sql, [set.clone()]).await?;
    }
    Ok(())
}

fn consumers(deliveries: &[Delivery]) -> BTreeMap<&str, Vec<&Delivery>> {
    let mut consumers: BTreeMap<&str, Vec<&Delivery>> = BTreeMap::new();
    for delivery in deliveries {
        let own = consumers.entry(&delivery.consumer).or_default();
        own.push(delivery);
    }
    consumers
}

fn events<'a>(deliveries: impl IntoIterator<Item = &'a Delivery>) -> Vec<String> {
    let events = deliveries.into_iter();
    events
        .map(|delivery| delivery.envelope.event_id.to_string())
        .collect()
}

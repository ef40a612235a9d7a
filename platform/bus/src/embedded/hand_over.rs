//! Moving to another transport.

use sluice_schema::Envelope;
use sluice_store::{in_set_sql, set_value};

use super::{EmbeddedTransport, text};
use crate::{BusError, Transport};

const BATCH: &str = "SELECT envelope FROM message ORDER BY position LIMIT 200";

impl EmbeddedTransport {
    /// Gives everything that waits, dead letters too, to another transport in its order; returns
    /// how many events that were. Consumers that have handled an event get it again.
    ///
    /// # Errors
    /// When one of the transports does not answer; what was not given stays.
    pub async fn hand_over(&self, to: &dyn Transport) -> Result<usize, BusError> {
        let mut given = 0;
        loop {
            let tx = self.store.begin_raw().await?;
            let mut events: Vec<Envelope> = Vec::new();
            for row in tx.query(BATCH, []).await? {
                events.push(serde_json::from_str(&text(&row, "envelope")?)?);
            }
            if events.is_empty() {
                return Ok(given);
            }
            to.publish(&events).await?;
            let ids = events.iter().map(|event| event.event_id.to_string());
            let set = set_value(tx.backend(), ids);
            let within = in_set_sql(tx.backend(), "event_id", 1);
            for table in ["delivery", "message"] {
                let sql = format!("DELETE FROM {table} WHERE {within}");
                tx.execute(&sql, [set.clone()]).await?;
            }
            tx.commit().await?;
            given += events.len();
        }
    }
}

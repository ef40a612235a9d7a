//! From the outbox to the bus.

mod tracked;

use std::{sync::Arc, time::Duration};

use sluice_store::Store;
use tokio_util::sync::CancellationToken;

use crate::{BusError, Transport};

const BATCH: u32 = 200;
// Publishing takes milliseconds; a process that died holds the others up for this long.
const LEASE: Duration = Duration::from_secs(10);
// The floor under the wake-ups: another process may have committed, or died in between.
const POLL: Duration = Duration::from_secs(1);

/// Takes one store's events to the transport, in order.
pub struct Relay {
    store: Store,
    transport: Arc<dyn Transport>,
    tracking: tokio::sync::Mutex<tracked::Tracking>,
}

impl Relay {
    /// A relay of `store`'s outbox.
    pub fn new(store: Store, transport: Arc<dyn Transport>) -> Self {
        Self {
            store,
            transport,
            tracking: tokio::sync::Mutex::default(),
        }
    }

    /// Runs until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let committed = self.store.committed();
        loop {
            // Registered before the look, so that a commit in between is not missed.
            let woken = committed.notified();
            let more = match self.step().await {
                Ok(more) => more,
                Err(error) => {
                    tracing::warn!(store = self.store.service(), error = %error, "relay failed");
                    metrics::counter!("sluice_relay_failures_total").increment(1);
                    false
                }
            };
            if more && !stop.is_cancelled() {
                continue;
            }
            let pause = match self.transport.volatile() {
                Some(_) => self.tracking.lock().await.pause(),
                None => POLL,
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = woken => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Takes one batch, and now and then removes events from the outbox that the bus no longer
    /// needs it to keep; returns whether there may be more to do.
    ///
    /// # Errors
    /// When the store or the transport does not answer; nothing is lost.
    pub async fn step(&self) -> Result<bool, BusError> {
        if let Some(volatile) = self.transport.volatile() {
            let mut tracking = self.tracking.lock().await;
            let outcome = tracking.step(&self.store, volatile).await;
            if outcome.is_err() {
                tracking.failed();
            }
            return outcome;
        }
        let outbox = self.store.outbox();
        let rows = outbox.claim(BATCH, LEASE).await?;
        if rows.is_empty() {
            return Ok(false);
        }
        let events: Vec<_> = rows.iter().map(|row| row.envelope.clone()).collect();
        if let Err(error) = self.transport.publish(&events).await {
            outbox.release().await?;
            return Err(error);
        }
        outbox.complete(&rows).await?;
        Ok(true)
    }
}

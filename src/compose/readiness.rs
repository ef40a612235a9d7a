//! Whether everything that requests need answers.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use sluice_bus::{Redis, Transport};
use sluice_store::Store;

use super::Stores;
use crate::http::Readiness;

const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Probes {
    pub(super) stores: Stores,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) redis: Option<Redis>,
}

#[async_trait]
impl Readiness for Probes {
    async fn checks(&self) -> Vec<(String, Result<(), String>)> {
        let stores = self.stores.iter().map(|store| async move {
            let outcome = within(probe(store)).await;
            (format!("store.{}", store.service()), outcome)
        });
        let mut checks = futures::future::join_all(stores).await;
        let bus = async { self.transport.backlog().await.map_err(text) };
        checks.push(("bus".to_owned(), within(bus).await.map(drop)));
        if let Some(redis) = &self.redis {
            let answer = async { redis.check().await.map_err(text) };
            checks.push(("redis".to_owned(), within(answer).await));
        }
        checks
    }

    async fn refresh_metrics(&self) {
        if let Ok(backlog) = within(async { self.transport.backlog().await.map_err(text) }).await {
            metrics::gauge!("sluice_bus_deliveries").set(gauge(backlog.waiting));
            metrics::gauge!("sluice_dead_letters").set(gauge(backlog.dead));
        }
        for store in self.stores.of_services() {
            let outbox = store.outbox();
            if let Ok(waiting) = within(async { outbox.backlog().await.map_err(text) }).await {
                metrics::gauge!("sluice_outbox_events", "store" => store.service())
                    .set(gauge(waiting));
            }
        }
    }
}

// A database that was put back to an older copy answers, and every request would fail.
async fn probe(store: &Store) -> Result<(), String> {
    store.ping().await.map_err(text)?;
    let missing = sluice_migrations::pending(store).await.map_err(text)?;
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("lacks the migrations {}", missing.join(", ")))
    }
}

async fn within<T>(probe: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let timed = tokio::time::timeout(PATIENCE, probe).await;
    timed.unwrap_or_else(|_| Err(format!("no answer within {PATIENCE:?}")))
}

fn text(error: impl std::error::Error) -> String {
    let source = error.source().map(|source| format!(": {source}"));
    format!("{error}{}", source.unwrap_or_default())
}

// Gauges are floats; counts beyond 2^52 do not occur.
#[allow(clippy::cast_precision_loss, reason = "counts of rows")]
fn gauge(count: u64) -> f64 {
    count as f64
}

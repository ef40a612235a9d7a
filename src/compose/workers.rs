//! Background work: all of it tracked, all of it ended by one token.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use sluice_bus::{Backoff, Dispatcher, EmbeddedTransport, Relay, run_reconciler};
use sluice_kernel::{Reaction, Reconciler};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{App, StartError, database::BUS};
use crate::http::METRICS_UPKEEP;

const AFTER_PANIC: Duration = Duration::from_secs(1);

impl App {
    /// Ends the leases that an earlier process of this server left, so that nothing waits for
    /// them to run out.
    ///
    /// # Errors
    /// When a store does not answer.
    pub async fn take_over(&self) -> Result<(), StartError> {
        for store in self.stores.of_services() {
            let released = store.outbox().take_over().await;
            released.map_err(|source| StartError::Store {
                store: store.service(),
                source,
            })?;
        }
        if self.redis.is_some() {
            // What was under way when the bus was in the process.
            let before = EmbeddedTransport::new(self.stores.get(BUS)?, Vec::new());
            let events = before.hand_over(self.transport.as_ref()).await?;
            if events > 0 {
                tracing::info!(events, "events of the embedded bus are on Redis now");
            }
        }
        Ok(self.transport.take_over().await?)
    }
}

/// Starts workers.
#[derive(Clone)]
pub(crate) struct Workers {
    tracker: TaskTracker,
    stop: CancellationToken,
    after_panic: Duration,
}

impl Workers {
    pub(crate) fn new(tracker: TaskTracker, stop: CancellationToken) -> Self {
        Self {
            tracker,
            stop,
            after_panic: AFTER_PANIC,
        }
    }

    /// Starts everything that works without a caller.
    pub(crate) fn start(&self, app: &App) {
        for store in app.stores.of_services() {
            let (store, transport) = (store.clone(), app.transport.clone());
            self.supervise("relay", move |stop| {
                Relay::new(store.clone(), transport.clone()).run(stop)
            });
        }
        for reaction in &app.reactions {
            self.dispatch(app, reaction);
        }
        for reconciler in &app.reconcilers {
            self.reconcile(reconciler);
        }
        let consumer = app.consumer.clone();
        self.supervise("ledger", move |stop| consumer.clone().run(stop));
        let hub = app.hub.clone();
        self.supervise("hub", move |stop| hub.clone().run(stop));
        let executor = app.executor.clone();
        self.supervise("executor", move |stop| executor.clone().run(stop));
        self.reconcile(&app.run_recovery);
        let metrics = crate::telemetry::metrics();
        self.supervise("metrics", move |stop| {
            let metrics = metrics.clone();
            async move {
                while !stop.is_cancelled() {
                    metrics.run_upkeep();
                    let _ = tokio::time::timeout(METRICS_UPKEEP, stop.cancelled()).await;
                }
            }
        });
    }

    fn dispatch(&self, app: &App, reaction: &Arc<dyn Reaction>) {
        let (transport, reaction) = (app.transport.clone(), reaction.clone());
        let dispatcher = Dispatcher::new(transport, reaction, Backoff::default());
        self.supervise("dispatcher", move |stop| dispatcher.clone().run(stop));
    }

    fn reconcile(&self, reconciler: &Arc<dyn Reconciler>) {
        let (reconciler, period) = (reconciler.clone(), reconciler.period());
        self.supervise("reconciler", move |stop| {
            run_reconciler(reconciler.clone(), period, stop)
        });
    }

    // A worker that panicked would be missing until the next restart, and nobody would know.
    fn supervise<F, W>(&self, name: &'static str, work: F)
    where
        F: Fn(CancellationToken) -> W + Send + 'static,
        W: Future<Output = ()> + Send,
    {
        let (stop, pause) = (self.stop.clone(), self.after_panic);
        self.tracker.spawn(async move {
            loop {
                let ended = AssertUnwindSafe(work(stop.clone())).catch_unwind().await;
                if ended.is_ok() {
                    return;
                }
                tracing::error!(worker = name, "a worker panicked; it is started again");
                metrics::counter!("sluice_worker_panics_total", "worker" => name).increment(1);
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(pause) => {}
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn a_worker_that_panics_is_started_again_until_the_stop() {
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let (begun, settled) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let (counted, told) = (begun.clone(), settled.clone());
        let workers = Workers {
            after_panic: Duration::from_millis(1),
            ..Workers::new(tracker.clone(), stop.clone())
        };
        workers.supervise("test", move |stop| {
            let (begun, told) = (counted.fetch_add(1, Ordering::SeqCst), told.clone());
            async move {
                assert!(begun >= 2, "on purpose");
                told.notify_one();
                stop.cancelled().await;
            }
        });
        let wait = tokio::time::timeout(Duration::from_secs(10), settled.notified());
        wait.await.unwrap();
        stop.cancel();
        tracker.close();
        tracker.wait().await;
        assert_eq!(begun.load(Ordering::SeqCst), 3);
    }
}

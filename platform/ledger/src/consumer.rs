//! From the bus to the ledger.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use chrono::Utc;
use futures::FutureExt;
use sluice_bus::{Backoff, BusError, Delivery, Route, Transport};
use sluice_schema::{Envelope, ErrorCode, Fault, events};
use tokio_util::sync::CancellationToken;

use crate::{Ledger, LedgerError};

const NAME: &str = "ledger";
const BATCH: u32 = 500;
// How long streams are silent after a process died at work: no other process takes over before.
// A batch that takes longer is appended by two of them, in order, and has effect once.
const LEASE: Duration = Duration::from_secs(10);
// The floor under the wake-ups: another process may have published.
const POLL: Duration = Duration::from_secs(1);
const AFTER_FAILURE: Duration = Duration::from_millis(250);
const COMPLETIONS: u32 = 20;

/// Takes events from the bus to the ledger, in the bus's order.
#[derive(Clone)]
pub struct Consumer {
    transport: Arc<dyn Transport>,
    ledger: Ledger,
    backoff: Backoff,
}

enum Failure {
    /// The database may take it later.
    Passing(LedgerError),
    /// The event itself may be what is wrong.
    Lasting(String),
}

impl Consumer {
    /// What the consumer must be sent: every event of the contract.
    pub const ROUTE: Route = Route {
        consumer: NAME,
        event_types: events::ALL,
    };

    /// A consumer of `transport`'s events.
    pub fn new(transport: Arc<dyn Transport>, ledger: Ledger) -> Self {
        // An event that cannot be appended holds all others up until it is a dead letter.
        let backoff = Backoff {
            base: Duration::from_millis(200),
            cap: Duration::from_secs(10),
            attempts: 8,
        };
        Self {
            transport,
            ledger,
            backoff,
        }
    }

    /// With another back-off.
    #[must_use]
    pub fn with_backoff(self, backoff: Backoff) -> Self {
        Self { backoff, ..self }
    }

    /// Runs until `stop`. Any number of processes may run it: one of them works at a time.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.step().await {
                Ok(count) if count > 0 => continue,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "the ledger's consumer cannot reach the bus");
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.transport.ready(NAME, POLL) => {}
            }
        }
    }

    /// Takes one batch; returns how many events it appended or gave up.
    ///
    /// # Errors
    /// When the transport does not answer; nothing is lost.
    pub async fn step(&self) -> Result<usize, BusError> {
        let run = self.transport.claim_run(NAME, BATCH, LEASE).await?;
        let Some(first) = run.first() else {
            metrics::gauge!("sluice_ledger_lag_seconds").set(0.0);
            return Ok(0);
        };
        tell_lag(&first.envelope);
        match self.append(&run).await {
            Ok(()) => {
                self.complete(&run).await?;
                Ok(run.len())
            }
            Err(Failure::Passing(error)) => self.give_back(&run, &error).await,
            Err(Failure::Lasting(_)) => self.one_by_one(&run).await,
        }
    }

    async fn append(&self, run: &[Delivery]) -> Result<(), Failure> {
        let events: Vec<Envelope> = run.iter().map(|one| one.envelope.clone()).collect();
        let appended = AssertUnwindSafe(self.ledger.append(&events)).catch_unwind();
        match appended.await {
            Ok(Ok(new)) => {
                let count = u64::try_from(new.len()).unwrap_or(u64::MAX);
                metrics::counter!("sluice_ledger_appended_total").increment(count);
                Ok(())
            }
            Ok(Err(error)) if passes(&error) => Err(Failure::Passing(error)),
            Ok(Err(error)) => Err(Failure::Lasting(causes(&error))),
            Err(_) => Err(Failure::Lasting(
                "making the read models panicked".to_owned(),
            )),
        }
    }

    // The batch failed and rolled back: find out which event does, and keep the order.
    async fn one_by_one(&self, run: &[Delivery]) -> Result<usize, BusError> {
        for (done, one) in run.iter().enumerate() {
            match self.append(std::slice::from_ref(one)).await {
                Ok(()) => self.complete(std::slice::from_ref(one)).await?,
                Err(Failure::Passing(error)) => {
                    self.give_back(&run[done..], &error).await?;
                    return Ok(done);
                }
                Err(Failure::Lasting(reason)) => {
                    let delay = self.backoff.delay(one.attempt);
                    let (event, dead) = (&one.envelope, delay.is_none());
                    tracing::error!(
                        event.r#type = %event.event_type, event.id = %event.event_id,
                        attempt = one.attempt, dead, reason, "an event cannot be appended"
                    );
                    let outcome = if dead { "dead" } else { "retry" };
                    metrics::counter!("sluice_reaction_failures_total", "consumer" => NAME, "outcome" => outcome)
                        .increment(1);
                    self.transport.fail(one, &reason, delay).await?;
                    self.transport.release(&run[done + 1..]).await?;
                    return Ok(done + usize::from(dead));
                }
            }
        }
        Ok(run.len())
    }

    // The database is busy or away: the events wait, however long that takes.
    async fn give_back(&self, run: &[Delivery], error: &LedgerError) -> Result<usize, BusError> {
        tracing::warn!(
            error = causes(error),
            "the ledger takes no events at the moment"
        );
        metrics::counter!("sluice_ledger_postponed_total").increment(1);
        tokio::time::sleep(AFTER_FAILURE).await;
        self.transport.release(run).await?;
        Ok(0)
    }

    // Until it is told, the lease holds everything up, and telling may be done twice.
    async fn complete(&self, run: &[Delivery]) -> Result<(), BusError> {
        let mut attempt = 1;
        loop {
            match self.transport.complete_all(run).await {
                Err(error) if attempt < COMPLETIONS => {
                    tracing::warn!(%error, attempt, "appended events could not be completed");
                    tokio::time::sleep(AFTER_FAILURE).await;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }
}

fn passes(error: &LedgerError) -> bool {
    matches!(
        error.code(),
        ErrorCode::Unavailable | ErrorCode::DeadlineExceeded | ErrorCode::VersionConflict
    )
}

fn causes(error: &LedgerError) -> String {
    let first: &(dyn std::error::Error + 'static) = error;
    let chain = std::iter::successors(Some(first), |error| error.source());
    let mut texts: Vec<String> = chain.map(ToString::to_string).collect();
    texts.dedup();
    texts.join(": ")
}

// Gauges are floats; lags beyond 2^52 milliseconds do not occur.
#[allow(clippy::cast_precision_loss, reason = "milliseconds")]
fn tell_lag(oldest: &Envelope) {
    let lag = Utc::now().signed_duration_since(oldest.occurred_at);
    let seconds = lag.num_milliseconds().max(0) as f64 / 1_000.0;
    metrics::gauge!("sluice_ledger_lag_seconds").set(seconds);
}

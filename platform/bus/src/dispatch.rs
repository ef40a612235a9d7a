//! From the bus to the reactions.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use sluice_kernel::{Ctx, Reaction, ReactionError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::{Backoff, Delivery, Transport};

const CONCURRENCY: usize = 8;
// Longer than a reaction takes; one that takes longer is handled twice and has effect once.
const LEASE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_secs(1);

/// Delivers one consumer's events to its reaction.
#[derive(Clone)]
pub struct Dispatcher {
    transport: Arc<dyn Transport>,
    reaction: Arc<dyn Reaction>,
    backoff: Backoff,
}

impl Dispatcher {
    /// A dispatcher for `reaction`.
    pub fn new(
        transport: Arc<dyn Transport>,
        reaction: Arc<dyn Reaction>,
        backoff: Backoff,
    ) -> Self {
        Self {
            transport,
            reaction,
            backoff,
        }
    }

    /// Runs until `stop`, then waits for the reactions under way.
    pub async fn run(self, stop: CancellationToken) {
        let consumer = self.reaction.consumer();
        let mut running = JoinSet::new();
        while !stop.is_cancelled() {
            let free = CONCURRENCY.saturating_sub(running.len());
            let limit = u32::try_from(free).unwrap_or(0);
            let claimed = if limit == 0 {
                Ok(Vec::new())
            } else {
                self.transport.claim(consumer, limit, LEASE).await
            };
            let claimed = claimed.unwrap_or_else(|error| {
                tracing::warn!(consumer, error = %error, "claiming deliveries failed");
                Vec::new()
            });
            let idle = claimed.is_empty();
            for delivery in claimed {
                let dispatcher = self.clone();
                running.spawn(async move { dispatcher.deliver(delivery).await });
            }
            if idle {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = self.transport.ready(consumer, POLL) => {}
                    Some(_) = running.join_next() => {}
                }
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// Handles one delivery and tells the transport how it went.
    pub async fn deliver(&self, delivery: Delivery) {
        let event = &delivery.envelope;
        let consumer = self.reaction.consumer();
        let span = tracing::info_span!(
            "reaction",
            consumer,
            event.r#type = %event.event_type,
            event.id = %event.event_id,
            trace_id = %event.trace_id,
            tenant_id = %event.tenant_id,
            project_id = %event.project_id,
            attempt = delivery.attempt,
        );
        let outcome = self.handle(&delivery).instrument(span.clone()).await;
        let told = match outcome {
            Ok(()) => self.transport.complete(&delivery).await,
            Err(error) => {
                let delay = if error.retryable {
                    self.backoff.delay(delivery.attempt)
                } else {
                    None
                };
                let dead = delay.is_none();
                span.in_scope(|| tracing::warn!(error = %error, dead, "reaction failed"));
                let kind = if dead { "dead" } else { "retry" };
                metrics::counter!("sluice_reaction_failures_total", "consumer" => consumer, "outcome" => kind)
                    .increment(1);
                self.transport.fail(&delivery, &error.message, delay).await
            }
        };
        if let Err(error) = told {
            // The lease runs out and the event is delivered again: the inbox makes it harmless.
            tracing::warn!(consumer, error = %error, "the transport did not take the outcome");
        }
    }

    async fn handle(&self, delivery: &Delivery) -> Result<(), ReactionError> {
        let ctx = Ctx::for_event(self.reaction.consumer(), &delivery.envelope);
        AssertUnwindSafe(self.reaction.handle(&ctx, &delivery.envelope))
            .catch_unwind()
            .await
            .unwrap_or_else(|_| {
                Err(ReactionError {
                    message: "the reaction panicked".to_owned(),
                    retryable: true,
                })
            })
    }
}

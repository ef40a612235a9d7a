//! What a service does without a caller: reactions to events, and recovery.

use std::time::Duration;

use async_trait::async_trait;
use sluice_schema::{Envelope, ErrorCode};

use crate::{BoxFault, Ctx};

/// Why a reaction did not take effect.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ReactionError {
    /// For the log and the dead letter.
    pub message: String,
    /// Whether another attempt may succeed; otherwise the event is a dead letter at once.
    pub retryable: bool,
}

impl From<BoxFault> for ReactionError {
    fn from(fault: BoxFault) -> Self {
        // A refusal may pass too, once an event that is still on its way has been handled.
        let hopeless = matches!(
            fault.code(),
            ErrorCode::InvalidInput | ErrorCode::BadRequest
        );
        Self {
            message: format!("{}: {fault}", fault.code()),
            retryable: !hopeless,
        }
    }
}

impl From<serde_json::Error> for ReactionError {
    fn from(error: serde_json::Error) -> Self {
        Self {
            message: format!("payload does not have its schema's shape: {error}"),
            retryable: false,
        }
    }
}

/// A service's handler of other services' events. Deliveries come at least once and may come
/// twice at the same time; the handler writes an inbox row in its own transaction.
#[async_trait]
pub trait Reaction: Send + Sync + 'static {
    /// The consumer's name: stable, as it keys leases, inbox rows and dead letters.
    fn consumer(&self) -> &'static str;

    /// The event types that it handles.
    fn event_types(&self) -> &'static [&'static str];

    /// Handles one event.
    ///
    /// # Errors
    /// When the effect did not take place; the bus tries again with back-off.
    async fn handle(&self, ctx: &Ctx, event: &Envelope) -> Result<(), ReactionError>;
}

/// A service's recovery loop: finds work that a crash left half done and finishes it. It takes
/// no input, re-derives what to do from the store, and may run at any time, anywhere, twice.
#[async_trait]
pub trait Reconciler: Send + Sync + 'static {
    /// The loop's name, for logs and metrics.
    fn name(&self) -> &'static str;

    /// How long to wait between two rounds; 30 seconds, unless people wait for what it finds.
    fn period(&self) -> Duration {
        Duration::from_secs(30)
    }

    /// Finishes what it finds; returns how many objects it touched.
    ///
    /// # Errors
    /// When the store or a provider does not answer; the loop tries again later.
    async fn reconcile(&self) -> Result<usize, BoxFault>;
}

//! The port: what a transport must do.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sluice_kernel::{Fault, PageRequest};
use sluice_schema::{Envelope, ErrorCode, EventId, TenantId};
use sluice_store::StoreError;

/// Which events a consumer gets.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The consumer.
    pub consumer: &'static str,
    /// The event types.
    pub event_types: &'static [&'static str],
}

/// An event on its way to one consumer, leased to whoever claimed it.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The consumer.
    pub consumer: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// The event.
    pub envelope: Envelope,
}

/// A delivery that failed for good.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    /// The consumer that could not handle it.
    pub consumer: String,
    /// Attempts made.
    pub attempts: u32,
    /// What the last one failed with.
    pub error: String,
    /// When it was given up.
    pub died_at: DateTime<Utc>,
    /// The event, whole.
    pub envelope: Envelope,
}

/// What is under way on the bus.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Deliveries that wait, are leased or will be tried again.
    pub waiting: u64,
    /// Dead letters.
    pub dead: u64,
}

/// What a transport can fail with.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The transport's store failed.
    #[error("the event bus does not answer")]
    Store(#[from] StoreError),
    /// Redis failed, or cannot be reached.
    #[error("the event bus does not answer")]
    Redis(#[from] redis::RedisError),
    /// Redis could not be reached a moment ago.
    #[error("the event bus cannot be reached")]
    Away,
    /// Redis may remove keys when its memory is used up: events would be lost.
    #[error("Redis has the maxmemory-policy {0}, which may evict events: it must be noeviction")]
    Evicts(String),
    /// A message on the bus cannot be read.
    #[error("a message on the event bus is damaged")]
    Damaged(#[from] serde_json::Error),
}

impl Fault for BusError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Store(error) => error.code(),
            Self::Redis(_) | Self::Away | Self::Evicts(_) => ErrorCode::Unavailable,
            Self::Damaged(_) => ErrorCode::Internal,
        }
    }
}

/// Carries events at least once, in order per consumer and subject.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// Ends the leases that an earlier process left, where the transport belongs to one process
    /// at a time; elsewhere leases run out by themselves. Called once, before the first claim.
    ///
    /// # Errors
    /// When the transport does not answer.
    async fn take_over(&self) -> Result<(), BusError>;

    /// Takes events; the same event twice is taken once. When it returns, they are durable.
    ///
    /// # Errors
    /// When they could not be made durable; publish them again.
    async fn publish(&self, events: &[Envelope]) -> Result<(), BusError>;

    /// Leases up to `limit` deliveries of a consumer; at most one per subject at a time.
    ///
    /// # Errors
    /// When the transport does not answer.
    async fn claim(
        &self,
        consumer: &str,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<Delivery>, BusError>;

    /// Leases the consumer's oldest deliveries, at most `limit`, in the order of the bus: for
    /// consumers that need one order over all subjects, and use no other claim. There is one
    /// claimant at a time: nobody gets any while a lease of the consumer is held. The run ends
    /// before a delivery that waits for its next attempt, which holds up all behind it; dead
    /// letters hold nothing up.
    ///
    /// A transport with a log per consumer keeps this by reading the log from its last completed
    /// place under a lock of the consumer that expires with the lease.
    ///
    /// # Errors
    /// When the transport does not answer.
    async fn claim_run(
        &self,
        consumer: &str,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<Delivery>, BusError>;

    /// The consumer has handled it.
    ///
    /// # Errors
    /// When the transport does not answer; it is delivered again then.
    async fn complete(&self, delivery: &Delivery) -> Result<(), BusError>;

    /// Their consumers have handled all of them: a constant number of statements per consumer.
    ///
    /// # Errors
    /// When the transport does not answer; they are delivered again then.
    async fn complete_all(&self, deliveries: &[Delivery]) -> Result<(), BusError>;

    /// Gives leases back at once, as if the deliveries had not been attempted.
    ///
    /// # Errors
    /// When the transport does not answer; the leases run out then.
    async fn release(&self, deliveries: &[Delivery]) -> Result<(), BusError>;

    /// The consumer failed: try again after `delay`, or give up when there is none.
    ///
    /// # Errors
    /// When the transport does not answer; the lease runs out then.
    async fn fail(
        &self,
        delivery: &Delivery,
        error: &str,
        delay: Option<Duration>,
    ) -> Result<(), BusError>;

    /// Returns when a delivery may be ready for the consumer, or after `at_most`.
    async fn ready(&self, consumer: &str, at_most: Duration);

    /// Dead letters of a tenant, oldest event first; `after` is the last one of the page before.
    ///
    /// # Errors
    /// When the transport does not answer.
    async fn dead_letters(
        &self,
        tenant: &TenantId,
        request: &PageRequest,
        after: Option<(EventId, String)>,
    ) -> Result<Vec<DeadLetter>, BusError>;

    /// Delivers dead letters of a tenant again; returns how many.
    ///
    /// # Errors
    /// When the transport does not answer.
    async fn redrive(
        &self,
        tenant: &TenantId,
        letters: &[(EventId, String)],
    ) -> Result<u64, BusError>;

    /// What is under way.
    ///
    /// # Errors
    /// When the transport does not answer.
    async fn backlog(&self) -> Result<Backlog, BusError>;

    /// What a relay needs when events that were taken may still be lost; `None`: they are not.
    fn volatile(&self) -> Option<&dyn Volatile> {
        None
    }
}

/// A transport whose memory may be gone at any time. Its life from one loss to the next is an
/// epoch: who publishes keeps an event until it was handled in the epoch in which it was taken,
/// and publishes it again in the next one, before newer ones.
#[async_trait]
pub trait Volatile: Send + Sync {
    /// The epoch that it is.
    ///
    /// # Errors
    /// When the transport does not answer.
    async fn epoch(&self) -> Result<String, BusError>;

    /// Takes events if it still is that epoch; else it takes none of them and says `false`.
    ///
    /// # Errors
    /// When the transport does not answer; publish them again.
    async fn publish_in(&self, epoch: &str, events: &[Envelope]) -> Result<bool, BusError>;

    /// Which of these events, all published in that epoch, every consumer has handled; a dead
    /// letter is not handled. `None` when the epoch is over.
    ///
    /// # Errors
    /// When the transport does not answer.
    async fn handled(
        &self,
        epoch: &str,
        events: &[EventId],
    ) -> Result<Option<Vec<EventId>>, BusError>;
}

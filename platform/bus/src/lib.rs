//! How events travel from one service to the others.
//!
//! A [`Relay`] takes events from each store's outbox to the [`Transport`]; the [`Dispatcher`]
//! takes deliveries from the transport to the [`Reaction`](sluice_kernel::Reaction)s. Delivery
//! is at least once and in order per consumer and subject; the effect is exactly once because
//! reactions note the event in their own transaction. After the last attempt a delivery is a
//! dead letter, which can be listed and redriven.

mod background;
mod backoff;
mod dispatch;
mod embedded;
mod live;
mod redis;
mod relay;
mod transport;

pub use background::run_reconciler;
pub use backoff::Backoff;
pub use dispatch::Dispatcher;
pub use embedded::EmbeddedTransport;
pub use live::{EmbeddedLive, LiveChannel, LiveMessage, LiveSignal};
pub use redis::{Redis, RedisLive, RedisTransport};
pub use relay::Relay;
pub use transport::{Backlog, BusError, DeadLetter, Delivery, Route, Transport, Volatile};

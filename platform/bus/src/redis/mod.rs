//! Bus and live channel on a Redis server (7.0 or newer): streams with consumer groups, and
//! publish/subscribe.
//!
//! Redis may be restarted empty: the [`Volatile`](crate::Volatile) side of the transport tells
//! the relays, which keep every event until all its consumers have handled it. It must not evict
//! keys (`maxmemory-policy noeviction`).

mod connection;
mod live;
mod scripts;
mod subscriber;
mod tracked;
mod transport;

pub use connection::Redis;
pub use live::RedisLive;
pub use transport::RedisTransport;

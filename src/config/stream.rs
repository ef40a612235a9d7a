//! Settings of connections that last, and of the streams behind them.

use std::time::Duration;

use super::{
    ConfigError, HOUR, SECOND,
    values::{Bytes, Values},
};

/// Connections that last, and the streams behind them.
#[derive(Debug, Clone)]
pub struct StreamConfig {
    /// WebSockets and event streams at once.
    pub max_connections: usize,
    /// Those of one tenant.
    pub max_connections_per_tenant: usize,
    /// Those of one caller.
    pub max_connections_per_principal: usize,
    /// Operations under way on one WebSocket.
    pub max_operations: usize,
    /// The largest message that a client may send over a WebSocket, in bytes.
    pub max_message: usize,
    /// How long a WebSocket may take to begin.
    pub init_timeout: Duration,
    /// How long a WebSocket may be silent before it is asked for a sign of life.
    pub ping_interval: Duration,
    /// How long a client may take to accept bytes, or to give a sign of life.
    pub write_timeout: Duration,
    /// How long an event stream may be silent before it gets a comment.
    pub heartbeat: Duration,
    /// Newest events of each followed ledger that are held in memory.
    pub recent: usize,
    /// Events before a ledger's end that a subscription may begin at.
    pub retention: u64,
    /// How often followed ledgers are looked at without being told.
    pub check: Duration,
}

impl StreamConfig {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let count = |key| -> Result<u32, ConfigError> {
            values.within(key, 1..=1_000_000, "from 1 to 1000000")
        };
        let size = |key| count(key).map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        let time = |key| {
            let least = Duration::from_millis(10);
            values.within(key, least..=HOUR, "from 10ms to 1h")
        };
        let message = Bytes(1 << 10)..=Bytes(16 << 20);
        let message = values.within("stream.max_message", message, "from 1KiB to 16MiB")?;
        let retention = values.within("stream.retention", 1..=u32::MAX, "from 1 to 4294967295")?;
        Ok(Self {
            max_connections: size("stream.max_connections")?,
            max_connections_per_tenant: size("stream.max_connections_per_tenant")?,
            max_connections_per_principal: size("stream.max_connections_per_principal")?,
            max_operations: size("stream.max_operations")?,
            max_message: message.0,
            init_timeout: time("stream.init_timeout")?,
            ping_interval: time("stream.ping_interval")?,
            write_timeout: time("stream.write_timeout")?,
            heartbeat: time("stream.heartbeat")?,
            recent: size("stream.recent")?,
            retention: retention.into(),
            check: values.within(
                "stream.check",
                Duration::from_millis(10)..=SECOND * 60,
                "from 10ms to 1m",
            )?,
        })
    }
}

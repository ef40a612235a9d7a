//! Bounds of the local engine.

use std::time::Duration;

/// The bounds. `Default` gives the values that the fields name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Time to wait for another operation on the stack. 10 seconds.
    pub lock_timeout: Duration,
    /// Time for one statement, command or schema. 60 seconds.
    pub server_timeout: Duration,
    /// Bytes of a state or a journal. 64 MiB.
    pub max_state_bytes: u64,
    /// Operations kept in the history of a stack. 200.
    pub max_history: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lock_timeout: Duration::from_secs(10),
            server_timeout: Duration::from_secs(60),
            max_state_bytes: 64 * 1024 * 1024,
            max_history: 200,
        }
    }
}

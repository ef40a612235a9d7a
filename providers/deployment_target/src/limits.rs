//! How much a target takes.

use std::time::Duration;

/// Bounds on what is applied and on what is read back.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Objects of one target at most.
    pub max_objects: usize,
    /// Bytes of one object at most; Kubernetes itself takes about 1.5 MiB.
    pub max_object_bytes: usize,
    /// Bytes of all objects of one target at most.
    pub max_total_bytes: usize,
    /// Entries of the target's folder that are looked at; more is an error.
    pub max_entries: usize,
    /// Bytes of a recorded status at most; a larger one counts as invalid.
    pub max_status_bytes: usize,
    /// How long an operation waits for another one on the same target.
    pub lock_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_objects: 2_000,
            max_object_bytes: 1_536 * 1_024,
            max_total_bytes: 32 * 1_024 * 1_024,
            max_entries: 20_000,
            max_status_bytes: 64 * 1_024,
            lock_wait: Duration::from_secs(30),
        }
    }
}

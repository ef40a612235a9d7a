//! How eagerly targets are looked at.

use std::time::Duration;

use chrono::TimeDelta;

/// Settings of the service.
#[derive(Debug, Clone)]
pub struct GitOpsSettings {
    /// How often every target is looked at. 30 seconds.
    pub check_interval: Duration,
    /// Attempts at the same content before the service gives up. 5.
    pub max_attempts: u32,
    /// Wait after the first failed attempt; doubled after each further one. 2 seconds.
    pub retry_after: Duration,
    /// After this time another process takes an attempt over. 30 seconds.
    pub lease: Duration,
    /// Files of the GitOps repository at most. 50,000.
    pub max_files: usize,
}

impl Default for GitOpsSettings {
    fn default() -> Self {
        Self {
            check_interval: Duration::from_secs(30),
            max_attempts: 5,
            retry_after: Duration::from_secs(2),
            lease: Duration::from_secs(30),
            max_files: 50_000,
        }
    }
}

impl GitOpsSettings {
    /// The wait after so many failures in a row.
    pub(crate) fn wait_after(&self, failures: u32) -> TimeDelta {
        let doubled = self.retry_after * 2u32.saturating_pow(failures.saturating_sub(1).min(10));
        TimeDelta::from_std(doubled).unwrap_or(TimeDelta::MAX)
    }

    pub(crate) fn lease(&self) -> TimeDelta {
        TimeDelta::from_std(self.lease).unwrap_or(TimeDelta::MAX)
    }
}

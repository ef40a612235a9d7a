//! Waiting for a database that does not answer.

use std::time::Duration;

use sluice_store::StoreError;

use crate::LedgerError;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);

/// Ever longer pauses between attempts.
#[derive(Debug, Default)]
pub(super) struct Pauses(u32);

impl Pauses {
    fn next(&mut self) -> Duration {
        let pause = FIRST.saturating_mul(1 << self.0.min(10)).min(LONGEST);
        self.0 += 1;
        pause
    }

    /// Tells of the failure and waits.
    pub(super) async fn pause(&mut self, what: &str, error: &LedgerError) {
        tracing::warn!(%error, attempt = self.0 + 1, "{what}");
        metrics::counter!("sluice_stream_read_failures_total").increment(1);
        tokio::time::sleep(self.next()).await;
    }
}

/// Whether the same may succeed later.
pub(super) fn passes(error: &LedgerError) -> bool {
    match error {
        LedgerError::Store(error) => !matches!(error, StoreError::Damaged { .. }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let mut pauses = Pauses::default();
        let first: Vec<_> = (0..40).map(|_| pauses.next()).collect();
        assert_eq!(first[..3], [1, 2, 4].map(|n| FIRST * n));
        assert_eq!(first[39], LONGEST);
        assert!(first.is_sorted());
    }
}

//! When to try again.

use std::time::Duration;

use rand::Rng;

/// Exponential back-off with jitter and a last attempt.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// Delay after the first failure.
    pub base: Duration,
    /// Longest delay.
    pub cap: Duration,
    /// Attempts in all; after the last one the delivery is a dead letter.
    pub attempts: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            base: Duration::from_millis(200),
            cap: Duration::from_secs(60),
            attempts: 12,
        }
    }
}

impl Backoff {
    /// The delay after failure number `failed` (from 1), give or take a fifth; `None` after
    /// the last attempt.
    pub fn delay(&self, failed: u32) -> Option<Duration> {
        if failed >= self.attempts {
            return None;
        }
        let doubled = self
            .base
            .saturating_mul(1_u32 << failed.saturating_sub(1).min(20));
        let jitter = rand::rng().random_range(0.8..1.2);
        Some(doubled.min(self.cap).mul_f64(jitter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_cap_and_end_after_the_last_attempt() {
        let backoff = Backoff {
            base: Duration::from_millis(100),
            cap: Duration::from_secs(1),
            attempts: 6,
        };
        let delays: Vec<_> = (1..=6).map(|failed| backoff.delay(failed)).collect();
        for (delay, expected) in delays.iter().zip([100, 200, 400, 800, 1_000]) {
            let millis = delay.map(|d| d.as_millis()).unwrap_or_default();
            assert!(
                (expected * 8 / 10..=expected * 12 / 10).contains(&millis),
                "{millis}"
            );
        }
        assert_eq!(delays[5], None);
    }
}

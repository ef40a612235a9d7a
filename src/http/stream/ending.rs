//! When connections that last must end.

use std::time::{Duration, SystemTime};

use rand::Rng;
use tokio::time::Instant;

use super::Inner;

// Sockets that end within a millisecond each do not need to wait for each other.
const PER_CONNECTION: Duration = Duration::from_millis(1);

/// When a token's end is, on the clock that waits go by.
pub(super) fn deadline(expires: Option<SystemTime>) -> Option<Instant> {
    let left = expires?.duration_since(SystemTime::now());
    // Beyond what the clock can tell is as good as never.
    Instant::now().checked_add(left.unwrap_or_default())
}

impl Inner {
    /// How long a connection goes on after it was told to end: at random, so that clients do not
    /// all come back at once, and only as long as so many need.
    pub(super) fn drain(&self) -> Duration {
        let open = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        let window = PER_CONNECTION
            .saturating_mul(open.saturating_sub(1))
            .min(self.http.shutdown_grace / 2);
        window.mul_f64(rand::rng().random())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_is_over_ends_now() {
        let now = Instant::now();
        let past = SystemTime::now() - Duration::from_secs(60);
        assert!(deadline(Some(past)).unwrap() < now + Duration::from_secs(1));
        assert_eq!(deadline(None), None);
    }
}

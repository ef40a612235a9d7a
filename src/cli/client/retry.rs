//! Patience with a server that is away for a while.

use std::time::{Duration, Instant};

use rand::Rng as _;

use super::ClientError;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(5);

/// What happens while a request is repeated.
#[derive(Debug, Clone)]
pub enum Waiting<'a> {
    /// The request failed and is repeated after the pause.
    Again {
        /// Why.
        error: &'a ClientError,
        /// How long until the next try.
        pause: Duration,
    },
    /// The server answers again.
    Back,
}

/// How long a command goes on trying. The time counts from the last answer: a server that
/// answers may take as long as it needs.
#[derive(Debug)]
pub struct Patience {
    timeout: Duration,
    silent_since: Option<Instant>,
    failures: u32,
}

impl Patience {
    /// Gives up when nothing was answered for `timeout`.
    pub fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            silent_since: None,
            failures: 0,
        }
    }

    /// Records an answer; `true` when errors went before it.
    pub fn answered(&mut self) -> bool {
        self.silent_since = None;
        std::mem::take(&mut self.failures) > 0
    }

    /// Records an error and tells how long to wait before the request is sent again.
    ///
    /// # Errors
    /// The error itself when repeating is of no use, `GaveUp` when the time is over.
    pub fn after(&mut self, error: ClientError) -> Result<(Duration, ClientError), ClientError> {
        if !error.retryable() {
            return Err(error);
        }
        let since = *self.silent_since.get_or_insert_with(Instant::now);
        let waited = since.elapsed();
        let left = self.timeout.saturating_sub(waited);
        if left.is_zero() {
            return Err(ClientError::GaveUp {
                waited,
                last: Box::new(error),
            });
        }
        let pause = pause(self.failures).min(left);
        self.failures = self.failures.saturating_add(1);
        Ok((pause, error))
    }
}

// Half of it is chance, so that many clients do not return at the same moment.
fn pause(failures: u32) -> Duration {
    let full = FIRST.saturating_mul(1 << failures.min(8)).min(LONGEST);
    full.mul_f64(rand::rng().random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::client::ApiError;

    fn gone() -> ClientError {
        ClientError::Connection {
            url: "u".to_owned(),
            reason: "refused".to_owned(),
        }
    }

    fn api(retryable: bool) -> ClientError {
        ClientError::Api(ApiError {
            code: "X".to_owned(),
            message: String::new(),
            path: None,
            retryable,
            trace_id: None,
        })
    }

    #[test]
    fn only_errors_that_may_pass_are_repeated() {
        let mut patience = Patience::new(Duration::from_secs(60));
        assert!(patience.after(gone()).is_ok());
        assert!(patience.after(api(true)).is_ok());
        assert!(matches!(
            patience.after(api(false)),
            Err(ClientError::Api(_))
        ));
        let status = |status| ClientError::Status {
            url: String::new(),
            status,
            text: String::new(),
        };
        assert!(patience.after(status(503)).is_ok());
        assert!(matches!(
            patience.after(status(404)),
            Err(ClientError::Status { .. })
        ));
    }

    #[test]
    fn pauses_grow_to_a_bound() {
        assert!(pause(0) <= FIRST);
        for failures in [5, 8, 1_000] {
            assert!(pause(failures) >= LONGEST / 2 && pause(failures) <= LONGEST);
        }
    }

    #[test]
    fn patience_ends_and_an_answer_renews_it() {
        let mut patience = Patience::new(Duration::ZERO);
        assert!(matches!(
            patience.after(gone()),
            Err(ClientError::GaveUp { .. })
        ));
        let mut patience = Patience::new(Duration::from_secs(60));
        assert!(!patience.answered());
        assert!(patience.after(gone()).is_ok());
        assert!(patience.answered());
        assert!(!patience.answered());
    }
}

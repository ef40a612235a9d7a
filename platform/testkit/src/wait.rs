//! Waiting on conditions, with deadlines.

use std::{
    future::Future,
    time::{Duration, Instant},
};

const DEADLINE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks until `condition` gives a value; panics with `what` after a minute.
pub async fn eventually<T, F, Fut>(what: &str, condition: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    eventually_within(DEADLINE, what, condition).await
}

/// Looks until `condition` gives a value; panics with `what` after `deadline`.
pub async fn eventually_within<T, F, Fut>(deadline: Duration, what: &str, mut condition: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let end = Instant::now() + deadline;
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        look.tick().await;
        if let Some(value) = condition().await {
            return value;
        }
        assert!(Instant::now() < end, "not within {deadline:?}: {what}");
    }
}

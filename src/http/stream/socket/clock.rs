//! When something is due on a socket: one timer for all of it.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use super::close::Close;

// As far as timers reach, or nearly so.
const NEVER: Duration = Duration::from_secs(86_400 * 365);

/// The times that a socket is held to.
pub(super) struct Clock {
    ping_interval: Duration,
    patience: Duration,
    /// The client must have begun by then.
    begun_by: Option<Instant>,
    /// When something was last heard from it.
    heard: Instant,
    /// When it was asked for a sign of life.
    asked: Option<Instant>,
    /// When its token ends.
    expires: Option<Instant>,
    /// When it must go because the server ends.
    drained: Option<Instant>,
    timer: Pin<Box<Sleep>>,
}

/// What is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    Ping,
    Close(Close),
}

impl Clock {
    pub(super) fn new(init: Duration, ping_interval: Duration, patience: Duration) -> Self {
        let now = Instant::now();
        let begun_by = now + init;
        Self {
            ping_interval,
            patience,
            begun_by: Some(begun_by),
            heard: now,
            asked: None,
            expires: None,
            drained: None,
            timer: Box::pin(sleep_until(begun_by.min(now + ping_interval))),
        }
    }

    pub(super) fn heard(&mut self) {
        self.heard = Instant::now();
        self.asked = None;
    }

    pub(super) fn begun(&mut self, expires: Option<Instant>) {
        self.begun_by = None;
        self.expires = expires;
        self.arm();
    }

    pub(super) fn drain(&mut self, after: Duration) {
        self.drained = Some(Instant::now() + after);
        self.arm();
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.timer.as_mut().poll(cx)
    }

    /// What is due now; the timer is set for the next.
    pub(super) fn due(&mut self) -> Due {
        let due = self.at(Instant::now());
        self.arm();
        due
    }

    fn at(&mut self, now: Instant) -> Due {
        let over = |time: Option<Instant>| time.is_some_and(|time| time <= now);
        if over(self.drained) {
            return Due::Close(Close::going_away());
        }
        if over(self.expires) {
            return Due::Close(Close::forbidden("Forbidden: the token has expired"));
        }
        if over(self.begun_by) {
            return Due::Close(Close::init_timeout());
        }
        match self.asked {
            Some(asked) if asked + self.patience <= now => Due::Close(Close::silent()),
            None if self.heard + self.ping_interval <= now => {
                self.asked = Some(now);
                Due::Ping
            }
            _ => Due::Nothing,
        }
    }

    fn arm(&mut self) {
        let sign = match self.asked {
            Some(asked) => asked + self.patience,
            None => self.heard + self.ping_interval,
        };
        let times = [self.begun_by, self.expires, self.drained, Some(sign)];
        let far = Instant::now() + NEVER;
        let next = times.into_iter().flatten().min().unwrap_or(far).min(far);
        self.timer.as_mut().reset(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn clock() -> Clock {
        Clock::new(10 * SECOND, 15 * SECOND, 10 * SECOND)
    }

    fn code(due: Due) -> u16 {
        match due {
            Due::Close(close) => close.code,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn who_does_not_begin_is_closed_with_4408() {
        let (mut clock, begun) = (clock(), Instant::now());
        assert_eq!(clock.at(begun + 9 * SECOND), Due::Nothing);
        assert_eq!(code(clock.at(begun + 11 * SECOND)), 4408);
    }

    #[tokio::test]
    async fn who_is_silent_is_asked_and_then_closed() {
        let mut clock = clock();
        clock.begun(None);
        let begun = clock.heard;
        assert_eq!(clock.at(begun + 14 * SECOND), Due::Nothing);
        assert_eq!(clock.at(begun + 15 * SECOND), Due::Ping);
        clock.heard();
        let heard = clock.heard;
        assert_eq!(clock.at(heard), Due::Nothing);
        assert_eq!(clock.at(heard + 15 * SECOND), Due::Ping);
        assert_eq!(clock.at(heard + 24 * SECOND), Due::Nothing);
        assert_eq!(code(clock.at(heard + 25 * SECOND)), 4499);
    }

    #[tokio::test]
    async fn the_token_and_the_server_end_a_connection_in_time() {
        let (mut clock, begun) = (clock(), Instant::now());
        clock.begun(Some(begun + 3 * SECOND));
        assert_eq!(clock.at(begun + 2 * SECOND), Due::Nothing);
        assert_eq!(code(clock.at(begun + 3 * SECOND)), 4403);
        clock.drain(Duration::ZERO);
        assert_eq!(code(clock.at(Instant::now())), 1001);
    }

    #[tokio::test]
    async fn the_timer_wakes_for_what_is_due_next() {
        let mut clock = Clock::new(Duration::ZERO, 15 * SECOND, 10 * SECOND);
        std::future::poll_fn(|cx| clock.poll(cx)).await;
        assert_eq!(code(clock.due()), 4408);
    }
}

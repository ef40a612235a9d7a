//! Why and when the work of a job must stop.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::RunContext;
use crate::timeline::RecordResult;

/// Why work was stopped from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// Somebody cancelled the run.
    Cancelled,
    /// Time is over; the message says whose.
    TimedOut(String),
    /// The observer gave the run up.
    Aborted,
}

impl StopReason {
    /// The result of what was stopped. Running out of time is a failure of the work.
    pub(crate) fn result(&self) -> RecordResult {
        match self {
            Self::Cancelled | Self::Aborted => RecordResult::Cancelled,
            Self::TimedOut(_) => RecordResult::Failed,
        }
    }

    pub(crate) fn message(&self) -> String {
        match self {
            Self::Cancelled => "The run was cancelled.".to_owned(),
            Self::TimedOut(message) => message.clone(),
            Self::Aborted => "The run was given up.".to_owned(),
        }
    }
}

/// The stops of one job. After the first stop only steps such as those with `always()` run, and
/// only until the second one.
pub(crate) struct JobControl<'a> {
    run: &'a RunContext,
    deadline: Option<(Instant, Duration)>,
    stopping: Option<(StopReason, Instant)>,
}

impl<'a> JobControl<'a> {
    pub(crate) fn new(run: &'a RunContext, timeout: Option<Duration>) -> Self {
        let deadline = timeout.map(|timeout| (Instant::now() + timeout, timeout));
        Self {
            run,
            deadline,
            stopping: None,
        }
    }

    /// Why the job is stopping, if it is.
    pub(crate) fn stopping(&self) -> Option<&StopReason> {
        self.stopping.as_ref().map(|(reason, _)| reason)
    }

    /// Enters the time in which only steps for the end run.
    pub(crate) fn stop(&mut self, reason: StopReason, cancel_timeout: Duration) {
        if self.stopping.is_none() {
            let grace = cancel_timeout.min(self.run.limits().cancel_grace);
            self.stopping = Some((reason, Instant::now() + grace));
        }
    }

    /// A stop that has come already, without waiting.
    pub(crate) fn pending(&self) -> Option<StopReason> {
        if self.run.recorder.abort().is_cancelled() {
            return Some(StopReason::Aborted);
        }
        if let Some((reason, until)) = &self.stopping {
            return (Instant::now() >= *until).then(|| reason.clone());
        }
        if self.run.cancel.is_cancelled() {
            return Some(StopReason::Cancelled);
        }
        if Instant::now() >= self.run.deadline {
            return Some(self.run_over());
        }
        self.deadline
            .filter(|(at, _)| Instant::now() >= *at)
            .map(|(_, timeout)| job_over(timeout))
    }

    /// Waits until the work must stop.
    pub(crate) async fn stopped(&self) -> StopReason {
        let abort = self.run.recorder.abort().cancelled();
        if let Some((reason, until)) = &self.stopping {
            return tokio::select! {
                () = abort => StopReason::Aborted,
                () = sleep_until(*until) => reason.clone(),
            };
        }
        let job = async {
            match self.deadline {
                Some((at, timeout)) => {
                    sleep_until(at).await;
                    job_over(timeout)
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = abort => StopReason::Aborted,
            () = self.run.cancel.cancelled() => StopReason::Cancelled,
            () = sleep_until(self.run.deadline) => self.run_over(),
            reason = job => reason,
        }
    }

    fn run_over(&self) -> StopReason {
        let limit = self.run.limits().overall;
        StopReason::TimedOut(format!("The run took longer than {}.", shown(limit)))
    }
}

fn job_over(timeout: Duration) -> StopReason {
    StopReason::TimedOut(format!("The job ran longer than {}.", shown(timeout)))
}

/// A time as people say it.
pub(crate) fn shown(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds >= 60 && seconds % 60 == 0 => format!("{} minute(s)", seconds / 60),
        0 => format!("{} ms", time.as_millis()),
        seconds => format!("{seconds} second(s)"),
    }
}

//! The worker that takes runs from the queue and runs them.
//!
//! A run is claimed by one guarded update that also begins it, and it never goes back to the
//! queue: so it runs at most once. Its lease is renewed while it runs; when that stops, the run
//! is lost, and recovery ends it as errored.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use futures::FutureExt;
use sluice_pipeline_runner::RunLimits;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{Lease, PipelineRuns, store::Holder};

mod active;
mod claim;
mod drive;
mod ending;
mod joined;
mod logs;
mod recover;
mod session;
mod turns;
mod uploads;

pub(crate) use active::Active;
use claim::Claimed;
use turns::Turns;

/// How runs are run.
#[derive(Debug, Clone)]
pub struct ExecutorConfig {
    /// Names this server and its disk, stable over restarts: no two processes that run at the
    /// same time may share it, as a process takes over what earlier ones of its name left.
    pub instance: String,
    /// Runs at the same time.
    pub parallel_runs: usize,
    /// How long a run counts as running without a word from its process.
    pub lease: Duration,
    /// How often the queue is looked at without being told, and a run for a request to cancel.
    pub poll: Duration,
    /// How often logs and progress are saved at most.
    pub flush: Duration,
    /// How long runs may go on after the stop of the server.
    pub shutdown_grace: Duration,
    /// How long a cancelled run may take beyond the graces of `limits` before it is dropped.
    pub cancel_slack: Duration,
    /// Bounds of each run.
    pub limits: RunLimits,
}

impl ExecutorConfig {
    /// Two runs at a time and the runner's bounds, with at most 5,000 published files.
    #[must_use]
    pub fn new(instance: impl Into<String>) -> Self {
        Self {
            instance: instance.into(),
            parallel_runs: 2,
            lease: Duration::from_secs(60),
            poll: Duration::from_secs(1),
            flush: Duration::from_millis(300),
            shutdown_grace: Duration::from_secs(10),
            cancel_slack: Duration::from_secs(10),
            limits: RunLimits {
                stored_files: 5_000,
                ..RunLimits::default()
            },
        }
    }

    /// The longest time from a request to cancel to the end of the run.
    #[must_use]
    pub fn cancel_bound(&self) -> Duration {
        self.poll + self.limits.cancel_grace + self.limits.kill_grace + self.cancel_slack
    }
}

struct Inner {
    runs: PipelineRuns,
    config: ExecutorConfig,
    holder: Holder,
    turns: Turns,
}

/// Takes runs from the queue and runs them; cheap to clone. One per process.
#[derive(Clone)]
pub struct Executor(Arc<Inner>);

impl Executor {
    /// An executor for `runs`. It is a new incarnation of its instance, whatever that left
    /// behind; call [`Executor::run`] or [`crate::Recovery`] to end those runs.
    #[must_use]
    pub fn new(runs: PipelineRuns, config: ExecutorConfig) -> Self {
        let holder = Holder {
            instance: config.instance.clone(),
            incarnation: uuid::Uuid::now_v7().simple().to_string(),
        };
        Self(Arc::new(Inner {
            runs,
            config,
            holder,
            turns: Turns::default(),
        }))
    }

    fn runs(&self) -> &PipelineRuns {
        &self.0.runs
    }

    fn config(&self) -> &ExecutorConfig {
        &self.0.config
    }

    fn holder(&self) -> &Holder {
        &self.0.holder
    }

    fn now(&self) -> DateTime<Utc> {
        self.runs().store().clock().now()
    }

    fn lease(&self) -> Lease {
        Lease {
            holder: self.holder().instance.clone(),
            incarnation: self.holder().incarnation.clone(),
            until: self.now() + self.config().lease,
        }
    }

    /// Ends what earlier processes of this instance left, then takes runs from the queue until
    /// `stop`. Runs under way get the shutdown grace; what then still runs loses its processes
    /// and is left to recovery. Dropping the future does so at once.
    pub async fn run(self, stop: CancellationToken) {
        if let Err(error) = self.recover().await {
            tracing::warn!(error = %error, "lost runs could not be ended yet");
        }
        let mut running = JoinSet::new();
        while !stop.is_cancelled() {
            while running.len() < self.config().parallel_runs.max(1) {
                match self.claim().await {
                    Ok(Some(claimed)) => {
                        running.spawn(self.clone().guarded(claimed));
                    }
                    Ok(None) => break,
                    Err(error) => {
                        tracing::warn!(error = %error, "the queue of runs cannot be read");
                        break;
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.runs().queued().notified() => {}
                Some(_) = running.join_next() => {}
                () = tokio::time::sleep(self.config().poll) => {}
            }
        }
        let grace = tokio::time::sleep(self.config().shutdown_grace);
        tokio::pin!(grace);
        loop {
            tokio::select! {
                ended = running.join_next() => if ended.is_none() { break },
                () = &mut grace => {
                    tracing::warn!(runs = running.len(), "runs are left to recovery");
                    break;
                }
            }
        }
        running.shutdown().await;
    }

    // A fault of this code must not leave a run that never ends.
    async fn guarded(self, claimed: Claimed) {
        let run = claimed.run.clone();
        if AssertUnwindSafe(self.drive(claimed))
            .catch_unwind()
            .await
            .is_err()
        {
            tracing::error!(run.id = %run.id, "running a pipeline panicked");
            if let Err(error) = self.abandon(&run, "the server failed during the run").await {
                tracing::warn!(run.id = %run.id, error = %error, "the run could not be ended yet");
            }
        }
    }
}

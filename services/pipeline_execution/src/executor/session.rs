//! What the runner tells about a run, on its way to the store.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use sluice_kernel::Ctx;
use sluice_pipeline_runner::{
    LogLine, ObserverGone, RecordKind, RecordResult, RecordState, RunObserver, Status, StepRef,
    Timeline, TimelineChange,
};
use sluice_schema::events::PipelineRunProgressed;
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use super::{Executor, drive::Ended, logs::StepLogs};
use crate::{
    PipelineRun, PipelineRunError,
    service::{Decision, event},
    store::{self, StepLines},
};

/// What is known and what of it is not saved yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress {
    pub(super) timeline: Timeline,
    pub(super) changes: Vec<PipelineRunProgressed>,
    is_dirty: bool,
}

/// One run under way: the runner's observer, and the keeper of its lease.
pub(super) struct Session {
    executor: Executor,
    run: PipelineRun,
    ctx: Ctx,
    progress: Mutex<Progress>,
    logs: StepLogs,
}

// Progress that is no change of state may wait.
const UNHURRIED: Duration = Duration::from_secs(1);

impl Session {
    pub(super) fn new(executor: &Executor, run: &PipelineRun) -> Self {
        let progress = Progress {
            timeline: run.timeline.clone(),
            ..Progress::default()
        };
        let blobs = Arc::clone(&executor.runs().ports().blobs);
        Self {
            executor: executor.clone(),
            ctx: run.system_ctx(),
            run: run.clone(),
            progress: Mutex::new(progress),
            logs: StepLogs::new(blobs),
        }
    }

    fn locked(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn progress(&self) -> Progress {
        self.locked().clone()
    }

    pub(super) async fn close_logs(&self) {
        self.logs.close_all().await;
        self.join_logs().await;
    }

    /// How many lines of each step are stored.
    pub(super) fn stored_lines(&self) -> Vec<StepLines> {
        self.logs.joined().totals(&self.run)
    }

    // What cannot be saved is tried again, and at last with the end of the run.
    async fn join_logs(&self) {
        let joined = self.logs.joined();
        if let Err(error) = joined
            .save(self.executor.runs(), &self.ctx, &self.run)
            .await
        {
            tracing::warn!(error = %error, "the order of the run's log could not be saved yet");
        }
    }

    /// Saves progress, renews the lease and watches for a request to cancel; returns when the
    /// work on the run must be dropped, or is `done`.
    pub(super) async fn keep(
        &self,
        cancel: &CancellationToken,
        poke: &Notify,
        done: &CancellationToken,
    ) -> Ended {
        let config = self.executor.config();
        let mut ticks = interval(config.flush);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut saved, mut looked) = (Instant::now(), Instant::now());
        let mut overdue = None;
        loop {
            let poked = tokio::select! {
                _ = ticks.tick() => false,
                () = poke.notified() => true,
                () = done.cancelled() => return Ended::Lost,
            };
            self.logs.flush(config.flush).await;
            self.join_logs().await;
            if overdue.is_some_and(|at| at <= Instant::now()) {
                return Ended::Overdue;
            }
            let step = if poked || self.is_due(saved) {
                let step = self.save().await;
                if step.is_ok() {
                    saved = Instant::now();
                    looked = saved;
                }
                step
            } else if looked.elapsed() >= config.poll {
                looked = Instant::now();
                self.look().await
            } else {
                continue;
            };
            match step {
                Ok(Some(false)) => {}
                Ok(Some(true)) if overdue.is_some() => {}
                Ok(Some(true)) => {
                    tracing::info!("the run is being cancelled");
                    cancel.cancel();
                    overdue = Some(Instant::now() + config.cancel_bound());
                }
                Ok(None) => return Ended::Lost,
                Err(error) => {
                    tracing::warn!(error = %error, "the run's progress could not be saved yet");
                    // Without a lease somebody else may end it at any moment.
                    if saved.elapsed() >= config.lease {
                        return Ended::Lost;
                    }
                }
            }
        }
    }

    fn is_due(&self, saved: Instant) -> bool {
        let progress = self.locked();
        !progress.changes.is_empty()
            || (progress.is_dirty && saved.elapsed() >= UNHURRIED)
            || saved.elapsed() >= self.executor.config().lease / 4
    }

    /// Whether somebody wants its end; `None` when it is not this process's any more.
    async fn look(&self) -> Result<Option<bool>, PipelineRunError> {
        let store = self.executor.runs().store();
        let found = store
            .list::<store::PipelineRunList>(&self.ctx)
            .by_id(self.run.id)
            .await?;
        Ok(found.and_then(|run| self.heed(&run)))
    }

    fn heed(&self, run: &PipelineRun) -> Option<bool> {
        let own = run.is_run_by(&self.executor.holder().incarnation);
        own.then_some(run.cancel.is_some())
    }

    async fn save(&self) -> Result<Option<bool>, PipelineRunError> {
        let progress = {
            let mut progress = self.locked();
            progress.is_dirty = false;
            progress.clone()
        };
        let decide = |run: &mut PipelineRun| {
            let heeded = self.heed(run);
            if heeded.is_none() {
                return Ok(Decision::Keep(None));
            }
            run.timeline.clone_from(&progress.timeline);
            run.lease = Some(self.executor.lease());
            let events = progress.changes.iter().map(|change| event(run, change));
            Ok(Decision::Save(heeded, events.collect::<Result<_, _>>()?))
        };
        let runs = self.executor.runs();
        match runs.change(&self.ctx, self.run.id, decide).await {
            Ok((_, heeded)) => {
                self.locked().changes.drain(..progress.changes.len());
                Ok(heeded)
            }
            Err(error) => {
                self.locked().is_dirty = true;
                Err(error)
            }
        }
    }

    fn note(&self, change: &TimelineChange) {
        let mut progress = self.locked();
        let before = progress.timeline.status(&change.id).map(standing);
        if !progress.timeline.apply(change) {
            return;
        }
        progress.is_dirty = true;
        if before != Some(standing(&change.status)) {
            progress.changes.push(PipelineRunProgressed {
                run_id: self.run.id,
                pipeline_id: self.run.pipeline_id,
                repository_id: self.run.repository_id,
                path: change.id.clone(),
                state: state_name(change.status.state).to_owned(),
                result: change.status.result.map(|r| result_name(r).to_owned()),
            });
        }
    }
}

fn standing(status: &Status) -> (RecordState, Option<RecordResult>) {
    (status.state, status.result)
}

fn state_name(state: RecordState) -> &'static str {
    match state {
        RecordState::Pending => "PENDING",
        RecordState::Running => "RUNNING",
        RecordState::Completed => "COMPLETED",
    }
}

fn result_name(result: RecordResult) -> &'static str {
    match result {
        RecordResult::Succeeded => "SUCCEEDED",
        RecordResult::SucceededWithIssues => "SUCCEEDED_WITH_ISSUES",
        RecordResult::Failed => "FAILED",
        RecordResult::Cancelled => "CANCELLED",
        RecordResult::Skipped => "SKIPPED",
        RecordResult::Errored => "ERRORED",
    }
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "used as a function of an error"
)]
fn gone(error: PipelineRunError) -> ObserverGone {
    ObserverGone {
        reason: format!("the log cannot be kept: {error}"),
    }
}

#[async_trait]
impl RunObserver for Session {
    async fn changed(&self, change: TimelineChange) -> Result<(), ObserverGone> {
        if change.kind == RecordKind::Step && change.status.state == RecordState::Completed {
            // Before the state: a reader of a completed step finds all its lines.
            self.logs.close(&change.id).await.map_err(gone)?;
        }
        self.note(&change);
        Ok(())
    }

    async fn log(&self, step: &StepRef, lines: Vec<LogLine>) -> Result<(), ObserverGone> {
        let appended = self.logs.append(&self.run, &step.step_id, lines).await;
        appended.map_err(gone)
    }
}

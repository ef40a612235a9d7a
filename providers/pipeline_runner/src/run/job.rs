//! One job, or one leg of its matrix: a fresh folder, its variables, its steps in order.

use std::collections::BTreeMap;

use nix::sys::signal::Signal;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::control::{JobControl, StopReason};
use super::scope::{Outside, Scope};
use super::step::run_step;
use super::{JobDirs, RunContext};
use crate::expression::Status;
use crate::plan::{JobPlan, LegPlan, StagePlan};
use crate::port::StepRef;
use crate::process::{Group, end_all};
use crate::timeline::RecordResult;
use crate::variables::Variables;

/// How a leg ended; the names of outputs carry the leg.
#[derive(Debug)]
pub(crate) struct LegEnd {
    pub(crate) result: RecordResult,
    pub(crate) outputs: BTreeMap<String, String>,
}

impl LegEnd {
    pub(crate) fn new(result: RecordResult) -> Self {
        Self {
            result,
            outputs: BTreeMap::new(),
        }
    }
}

/// What the steps of a job share and change.
pub(crate) struct JobState {
    pub(crate) dirs: JobDirs,
    pub(crate) variables: Variables,
    /// Folders by `##vso[task.prependpath]`, the last one first.
    pub(crate) path: Vec<String>,
    pub(crate) outputs: BTreeMap<String, String>,
    /// Groups of processes that outlived their step.
    pub(crate) groups: Vec<Group>,
    /// Marks the processes of this job. Ends in a dot, so that no token begins with another.
    pub(crate) token: String,
    pub(crate) results: Vec<RecordResult>,
    pub(crate) canceled: bool,
}

impl JobState {
    /// The result so far.
    pub(crate) fn result(&self) -> RecordResult {
        match RecordResult::worst(self.results.iter().copied()) {
            RecordResult::Skipped => RecordResult::Succeeded,
            result => result,
        }
    }
}

/// What conditions of steps see.
impl Status for JobState {
    fn canceled(&self) -> bool {
        self.canceled
    }

    fn succeeded(&self, _: &[String]) -> bool {
        !self.canceled && self.result().is_success()
    }

    fn failed(&self, _: &[String]) -> bool {
        !self.canceled && matches!(self.result(), RecordResult::Failed | RecordResult::Errored)
    }

    fn succeeded_or_failed(&self, _: &[String]) -> bool {
        !self.canceled
    }
}

pub(crate) async fn run_leg(
    run: &RunContext,
    stage: &StagePlan,
    job: &JobPlan,
    leg: &LegPlan,
    outside: &Outside,
    together: &Semaphore,
) -> LegEnd {
    let id = job.id(stage, leg);
    let _permits = match slot(run, together).await {
        Ok(permits) => permits,
        Err(reason) => {
            let result = match reason {
                StopReason::TimedOut(_) => RecordResult::Skipped,
                StopReason::Cancelled | StopReason::Aborted => RecordResult::Cancelled,
            };
            skip_steps(run, &id, job.steps.len()).await;
            run.recorder.complete(&id, result, None).await;
            return LegEnd::new(result);
        }
    };
    run.recorder.start(&id).await;
    let mut state = match prepare(run, stage, job, leg, outside, &id) {
        Ok(state) => state,
        Err((result, error)) => {
            skip_steps(run, &id, job.steps.len()).await;
            let error = run.masker.mask(&error).into_owned();
            run.recorder.complete(&id, result, Some(error)).await;
            return LegEnd::new(result);
        }
    };
    let error = run_steps(run, stage, job, &id, &mut state).await;
    let grace = run.limits().kill_grace;
    end_all(std::mem::take(&mut state.groups), Some(&state.token), grace).await;
    let result = match state.result() {
        RecordResult::Failed if job.continue_on_error => RecordResult::SucceededWithIssues,
        result => result,
    };
    run.recorder.complete(&id, result, error).await;
    let prefix = leg
        .name
        .as_ref()
        .map(|name| format!("{name}."))
        .unwrap_or_default();
    let outputs = state
        .outputs
        .into_iter()
        .map(|(name, value)| (format!("{prefix}{name}"), value));
    LegEnd {
        result,
        outputs: outputs.collect(),
    }
}

/// Waits until the job may begin.
async fn slot<'a>(
    run: &'a RunContext,
    together: &'a Semaphore,
) -> Result<(Option<SemaphorePermit<'a>>, Option<SemaphorePermit<'a>>), StopReason> {
    let control = JobControl::new(run, None);
    let acquire = async {
        // The narrower bound first: who waits for it must not hold a slot of the run.
        let leg = together.acquire().await.ok();
        let run = run.slots.acquire().await.ok();
        (leg, run)
    };
    tokio::select! {
        biased;
        reason = control.stopped() => Err(reason),
        permits = acquire => Ok(permits),
    }
}

fn prepare(
    run: &RunContext,
    stage: &StagePlan,
    job: &JobPlan,
    leg: &LegPlan,
    outside: &Outside,
    id: &str,
) -> Result<JobState, (RecordResult, String)> {
    let dirs = run.layout.job(id).map_err(|error| {
        (
            RecordResult::Errored,
            format!("The folders of the job cannot be made: {error}."),
        )
    })?;
    let scope = Scope::stage(&run.request, stage, outside)
        .and_then(|scope| scope.job(job))
        .and_then(|scope| scope.leg(job, leg, &dirs))
        .map_err(|error| {
            (
                RecordResult::Failed,
                format!("The variables failed: {error}."),
            )
        })?;
    Ok(JobState {
        variables: scope.finish(),
        dirs,
        path: Vec::new(),
        outputs: BTreeMap::new(),
        groups: Vec::new(),
        token: format!("{}.{}.", run.token, run.next_number()),
        results: Vec::new(),
        canceled: false,
    })
}

/// Runs the steps; returns why the job was stopped, if it was.
async fn run_steps(
    run: &RunContext,
    stage: &StagePlan,
    job: &JobPlan,
    id: &str,
    state: &mut JobState,
) -> Option<String> {
    let mut control = JobControl::new(run, job.timeout);
    for (step, order) in job.steps.iter().zip(1..) {
        if let Some(reason) = control.pending() {
            stop(&mut control, reason, job, state);
        }
        let step_ref = StepRef {
            stage_id: stage.name.clone(),
            job_id: id.to_owned(),
            step_id: format!("{id}/{order}"),
        };
        // Nothing begins any more once even the time for the end is over.
        if state.canceled && control.pending().is_some() {
            run.recorder
                .complete(&step_ref.step_id, RecordResult::Skipped, None)
                .await;
            continue;
        }
        let stopped = run_step(run, state, &control, step, step_ref).await;
        if let Some(reason) = stopped {
            stop(&mut control, reason, job, state);
        }
    }
    if let Some(reason) = control.pending().filter(|_| control.stopping().is_none())
        && reason == StopReason::Aborted
    {
        stop(&mut control, reason, job, state);
    }
    control.stopping().map(StopReason::message)
}

fn stop(control: &mut JobControl<'_>, reason: StopReason, job: &JobPlan, state: &mut JobState) {
    if control.stopping().is_none() {
        state.canceled = true;
        state.results.push(reason.result());
        // What earlier steps left running has no further use.
        state
            .groups
            .iter()
            .for_each(|group| group.signal(Signal::SIGTERM));
        control.stop(reason, job.cancel_timeout);
    }
}

async fn skip_steps(run: &RunContext, id: &str, count: usize) {
    for order in 1..=count {
        run.recorder
            .complete(&format!("{id}/{order}"), RecordResult::Skipped, None)
            .await;
    }
}

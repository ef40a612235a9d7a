//! One step: its condition, its tries, its result.

use tokio::time::sleep;

use super::control::{JobControl, StopReason, shown};
use super::{JobState, RunContext, Session};
use crate::expression::{Context, Status as _, Value};
use crate::plan::StepPlan;
use crate::port::StepRef;
use crate::steps;
use crate::timeline::{IssueKind, RecordResult, RecordState};

/// How one try of a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StepEnd {
    pub(crate) result: RecordResult,
    pub(crate) error: Option<String>,
}

impl StepEnd {
    pub(crate) fn ok() -> Self {
        Self {
            result: RecordResult::Succeeded,
            error: None,
        }
    }

    /// The work of the step failed.
    pub(crate) fn failed(error: impl Into<String>) -> Self {
        Self {
            result: RecordResult::Failed,
            error: Some(error.into()),
        }
    }

    /// The runner or what it relies on failed.
    pub(crate) fn errored(error: impl Into<String>) -> Self {
        Self {
            result: RecordResult::Errored,
            error: Some(error.into()),
        }
    }

    pub(crate) fn stopped(reason: &StopReason) -> Self {
        Self {
            result: reason.result(),
            error: Some(reason.message()),
        }
    }
}

/// Runs a step and records it. Returns the reason when the job was stopped meanwhile.
pub(crate) async fn run_step(
    run: &RunContext,
    job: &mut JobState,
    control: &JobControl<'_>,
    plan: &StepPlan,
    step: StepRef,
) -> Option<StopReason> {
    let id = step.step_id.clone();
    match condition(job, plan) {
        Ok(true) => {}
        Ok(false) => {
            run.recorder
                .complete(&id, RecordResult::Skipped, None)
                .await;
            return None;
        }
        Err(error) => {
            let error = run.masker.mask(&error).into_owned();
            run.recorder
                .complete(&id, RecordResult::Failed, Some(error))
                .await;
            job.results.push(RecordResult::Failed);
            return None;
        }
    }
    job.variables.system("Agent.JobStatus", job_status(job));
    run.recorder.start(&id).await;
    let mut session = Session::new(run, job, step, plan.name.as_deref());
    let (end, stopped) = tries(&mut session, control, plan).await;
    session.close(&end).await;
    let issues = session.take_issues();
    let lines = session.lines();
    let result = match end.result {
        RecordResult::Failed | RecordResult::Errored if plan.continue_on_error => {
            RecordResult::SucceededWithIssues
        }
        result => result,
    };
    // The stop itself is recorded by the job.
    if stopped.is_none() {
        job.results.push(result);
    }
    let error = end.error.map(|error| run.masker.mask(&error).into_owned());
    run.recorder
        .update(&id, |status| {
            status.state = RecordState::Completed;
            status.result = Some(result);
            status.error = error;
            status.finished_at = Some(chrono::Utc::now());
            status.log_lines = lines;
            status.issues = issues;
        })
        .await;
    stopped
}

fn condition(job: &JobState, plan: &StepPlan) -> Result<bool, String> {
    if !plan.enabled {
        return Ok(false);
    }
    let Some(condition) = &plan.condition else {
        return Ok(job.succeeded(&[]));
    };
    let context = Context {
        variables: job.variables.object(),
        dependencies: Value::Null,
        stage_dependencies: Value::Null,
        status: job,
    };
    context
        .test(condition)
        .map_err(|error| format!("The condition failed: {error}."))
}

fn job_status(job: &JobState) -> &'static str {
    if job.canceled {
        "Canceled"
    } else {
        job.result().azure_name()
    }
}

/// Repeats a step that failed as often as it asks for.
async fn tries(
    session: &mut Session<'_>,
    control: &JobControl<'_>,
    plan: &StepPlan,
) -> (StepEnd, Option<StopReason>) {
    for attempt in 1.. {
        let (end, stopped) = one_try(session, control, plan).await;
        let again = end.result == RecordResult::Failed && stopped.is_none();
        if !again || attempt > plan.retries || control.pending().is_some() {
            return (end, stopped);
        }
        let reason = end.error.unwrap_or_default();
        session
            .say(&format!(
                "##[warning]{reason} Trying again ({attempt}/{}).",
                plan.retries
            ))
            .await;
        session.restart(attempt + 1).await;
    }
    (StepEnd::ok(), None)
}

async fn one_try(
    session: &mut Session<'_>,
    control: &JobControl<'_>,
    plan: &StepPlan,
) -> (StepEnd, Option<StopReason>) {
    let own = std::sync::Mutex::new(false);
    let stop = async {
        let limit = async {
            match plan.timeout {
                Some(timeout) => {
                    sleep(timeout).await;
                    format!("The step ran longer than {}.", shown(timeout))
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            reason = control.stopped() => reason,
            message = limit => {
                *super::lock(&own) = true;
                StopReason::TimedOut(message)
            }
        }
    };
    let (end, reason) = steps::execute(session, plan, stop).await;
    // A step that used up its own time stops neither the job nor its later steps.
    let stopped = reason.filter(|_| !*super::lock(&own));
    let mut end = session.completed(end);
    if let Some(error) = &end.error
        && end.result != RecordResult::Succeeded
    {
        session.report(IssueKind::Error, error);
    } else if end.result == RecordResult::Succeeded {
        end.error = None;
    }
    (end, stopped)
}

//! From the runner's report to the run's outcome.

use chrono::{DateTime, Utc};
use sluice_pipeline_runner::{RecordResult, RunReport, Status, Timeline};

use super::drive::Ended;
use crate::{PipelineRun, RunOutcome, RunOutputs, model::Ending};

pub(super) fn of(ended: &Ended, at: DateTime<Utc>) -> Ending {
    let technical = |reason: &str| Ending {
        outcome: RunOutcome::Errored,
        reason: Some(reason.to_owned()),
        outputs: RunOutputs::default(),
        at,
    };
    match ended {
        Ended::Reported(report, outputs) => Ending {
            outcome: outcome(report.result),
            reason: reason(report),
            outputs: outputs.clone(),
            at,
        },
        Ended::Broken(reason) => technical(reason),
        Ended::Overdue => technical("the run did not end after it was cancelled"),
        Ended::Lost => technical("the run was lost"),
    }
}

/// Counts an ended run.
pub(super) fn count(run: &PipelineRun) {
    let outcome = run.outcome.map_or("", RunOutcome::as_str);
    metrics::counter!("sluice_pipeline_runs_total", "outcome" => outcome).increment(1);
    if let (Some(start), Some(end)) = (run.started_at, run.finished_at) {
        let seconds = (end - start).to_std().unwrap_or_default().as_secs_f64();
        metrics::histogram!("sluice_pipeline_run_seconds", "outcome" => outcome).record(seconds);
    }
}

fn outcome(result: RecordResult) -> RunOutcome {
    match result {
        RecordResult::Succeeded | RecordResult::SucceededWithIssues | RecordResult::Skipped => {
            RunOutcome::Succeeded
        }
        RecordResult::Failed => RunOutcome::Failed,
        RecordResult::Cancelled => RunOutcome::Cancelled,
        RecordResult::Errored => RunOutcome::Errored,
    }
}

/// Why it did not succeed: what the runner says, or its first record that failed.
fn reason(report: &RunReport) -> Option<String> {
    if report.result.is_success() || report.result == RecordResult::Skipped {
        return None;
    }
    let said = report.error.clone();
    said.or_else(|| first_failure(&report.timeline))
        .or_else(|| Some("the run did not succeed".to_owned()))
}

fn first_failure(timeline: &Timeline) -> Option<String> {
    let jobs = || timeline.stages.iter().flat_map(|stage| &stage.jobs);
    let step = jobs().flat_map(|job| &job.steps).find_map(|step| {
        let why = failure(&step.status)?;
        Some(format!("step '{}' failed: {why}", step.display_name))
    });
    let job = || {
        jobs().find_map(|job| {
            let why = failure(&job.status)?;
            Some(format!("job '{}' failed: {why}", job.display_name))
        })
    };
    let stage = || {
        timeline.stages.iter().find_map(|stage| {
            let why = failure(&stage.status)?;
            Some(format!("stage '{}' failed: {why}", stage.display_name))
        })
    };
    step.or_else(job).or_else(stage)
}

fn failure(status: &Status) -> Option<&str> {
    let failed = matches!(
        status.result,
        Some(RecordResult::Failed | RecordResult::Errored)
    );
    failed.then(|| status.error.as_deref().unwrap_or("it gave no reason"))
}

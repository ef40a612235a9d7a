//! How a run changes.

use chrono::{DateTime, Utc};
use sluice_pipeline_runner::{RecordResult, Timeline};
use sluice_schema::events::{PipelineRunCompleted, PipelineRunStarted};

use super::{
    CancelRequest, Cancelling, Ending, Lease, PipelineRun, RunOutcome, RunOutputs, RunStatus,
    one_line,
};
use crate::PipelineRunError;

impl PipelineRun {
    /// Leaves the queue; `None` when it is not in it, so that no run begins twice.
    pub(crate) fn start(
        &mut self,
        lease: Lease,
        timeline: Timeline,
        now: DateTime<Utc>,
    ) -> Option<PipelineRunStarted> {
        if self.status != RunStatus::Queued {
            return None;
        }
        self.status = RunStatus::Running;
        self.started_at = Some(now);
        self.timeline = timeline;
        self.lease = Some(lease);
        Some(PipelineRunStarted {
            run_id: self.id,
            pipeline_id: self.pipeline_id,
            repository_id: self.repository_id,
            branch: self.branch.clone(),
            commit_sha: self.commit_sha.clone(),
            attempt: self.attempt,
        })
    }

    /// Whether `incarnation` runs it.
    pub(crate) fn is_run_by(&self, incarnation: &str) -> bool {
        let held = |lease: &Lease| lease.incarnation == incarnation;
        self.status == RunStatus::Running && self.lease.as_ref().is_some_and(held)
    }

    /// Whether nobody runs it any more: the lease ran out, or its holder was started anew.
    pub(crate) fn is_lost(&self, holder: &str, incarnation: &str, now: DateTime<Utc>) -> bool {
        let gone = |lease: &Lease| {
            lease.until < now || (lease.holder == holder && lease.incarnation != incarnation)
        };
        self.status == RunStatus::Running && self.lease.as_ref().is_none_or(gone)
    }

    /// Ends it; `None` when it had ended. A run that somebody cancelled ends as cancelled, even
    /// when the work was quicker: that is what the caller was told.
    pub(crate) fn complete(&mut self, ending: Ending) -> Option<PipelineRunCompleted> {
        if self.status == RunStatus::Completed {
            return None;
        }
        let (outcome, reason) = match &self.cancel {
            Some(cancel) => (RunOutcome::Cancelled, Some(cancel.sentence())),
            None => (ending.outcome, ending.reason.map(|text| one_line(&text))),
        };
        let left = match outcome {
            RunOutcome::Cancelled => RecordResult::Cancelled,
            _ => RecordResult::Errored,
        };
        self.timeline
            .close(left, reason.as_deref().unwrap_or_default(), ending.at);
        self.status = RunStatus::Completed;
        self.outcome = Some(outcome);
        self.reason = reason;
        self.finished_at = Some(ending.at);
        self.outputs = ending.outputs;
        Some(PipelineRunCompleted {
            run_id: self.id,
            pipeline_id: self.pipeline_id,
            repository_id: self.repository_id,
            branch: self.branch.clone(),
            commit_sha: self.commit_sha.clone(),
            attempt: self.attempt,
            outcome: outcome.as_str().to_owned(),
            reason: self.reason.clone(),
            started_at: self.started_at,
            finished_at: ending.at,
            module: self.module.clone(),
            logs_prefix: self.logs_prefix.clone(),
            test_results: self.outputs.test_results.clone(),
            coverage: self.outputs.coverage.clone(),
            artifacts: self.outputs.artifacts.clone(),
        })
    }

    /// Notes that somebody wants its end.
    pub(crate) fn request_cancel(
        &mut self,
        request: CancelRequest,
    ) -> Result<Cancelling, PipelineRunError> {
        match (self.status, self.outcome, &self.cancel) {
            (RunStatus::Completed, Some(RunOutcome::Cancelled), _)
            | (RunStatus::Running, _, Some(_)) => Ok(Cancelling::Replayed),
            (RunStatus::Completed, ..) => Err(PipelineRunError::Ended),
            (RunStatus::Running, ..) => {
                self.cancel = Some(request);
                Ok(Cancelling::Requested)
            }
            (RunStatus::Queued, ..) => {
                let ending = Ending {
                    outcome: RunOutcome::Cancelled,
                    reason: None,
                    outputs: RunOutputs::default(),
                    at: request.at,
                };
                self.cancel = Some(request);
                let completed = self.complete(ending).ok_or(PipelineRunError::Ended)?;
                Ok(Cancelling::Ended(Box::new(completed)))
            }
        }
    }

    /// Whether another attempt may follow.
    pub(crate) fn ensure_retryable(&self) -> Result<(), PipelineRunError> {
        match (self.status, self.outcome) {
            (RunStatus::Completed, Some(RunOutcome::Succeeded)) => Err(PipelineRunError::Succeeded),
            (RunStatus::Completed, _) => Ok(()),
            _ => Err(PipelineRunError::NotEnded),
        }
    }
}

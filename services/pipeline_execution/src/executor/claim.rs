//! How a run leaves the queue.

use std::time::Duration;

use sluice_kernel::directory::PipelineView;
use sluice_pipeline_runner::{PlanError, RunPlan};

use super::Executor;
use crate::{
    PipelineRun, PipelineRunError, RunOutcome, RunOutputs,
    error::plan_findings,
    model::{Ending, one_line},
    service::{Decision, event},
    store,
};

/// A run that this process begins.
pub(super) struct Claimed {
    pub(super) run: PipelineRun,
    pub(super) plan: RunPlan,
}

const HEADS: u64 = 1_000;
const POSTPONED: Duration = Duration::from_secs(2);

impl Executor {
    /// The next run, begun; `None` when nothing waits that could begin now.
    pub(super) async fn claim(&self) -> Result<Option<Claimed>, PipelineRunError> {
        let heads = store::queue_heads(self.runs().store(), HEADS).await?;
        for run in self.0.turns.sorted(heads, self.runs().active()) {
            match self.begin(&run).await {
                Ok(Some(claimed)) => {
                    self.0.turns.served(&run);
                    return Ok(Some(claimed));
                }
                // Somebody else began or ended it, or it cannot run.
                Ok(None) => {}
                Err(error) => {
                    // It stays in the queue and must not block the others.
                    tracing::warn!(run.id = %run.id, error = %error, "the run cannot begin yet");
                    self.0.turns.postpone(&run, POSTPONED);
                }
            }
        }
        Ok(None)
    }

    async fn begin(&self, run: &PipelineRun) -> Result<Option<Claimed>, PipelineRunError> {
        let ctx = run.system_ctx();
        let ports = self.runs().ports();
        let found = ports.pipelines.pipeline(&ctx, run.pipeline_id).await;
        let Some(pipeline) = found.map_err(PipelineRunError::directory)? else {
            self.refuse(run, RunOutcome::Errored, "the pipeline is gone", None)
                .await?;
            return Ok(None);
        };
        match self.plan(&pipeline) {
            Ok(plan) => self.start(run, plan).await,
            Err(error) => {
                let reason = one_line(&error.to_string());
                self.refuse(run, RunOutcome::Failed, &reason, Some(&error))
                    .await?;
                Ok(None)
            }
        }
    }

    fn plan(&self, pipeline: &PipelineView) -> Result<RunPlan, PlanError> {
        self.runs().ports().runner.plan(&pipeline.yaml)
    }

    /// The one update that makes a queued run this process's own.
    async fn start(
        &self,
        run: &PipelineRun,
        plan: RunPlan,
    ) -> Result<Option<Claimed>, PipelineRunError> {
        let decide = |run: &mut PipelineRun| {
            let started = run.start(self.lease(), plan.timeline(), self.now());
            Ok(match started {
                Some(started) => Decision::Save(true, vec![event(run, &started)?]),
                None => Decision::Keep(false),
            })
        };
        let ctx = run.system_ctx();
        let (run, begun) = self.runs().change(&ctx, run.id, decide).await?;
        Ok(begun.then_some(Claimed { run, plan }))
    }

    /// Ends a run that cannot begin.
    async fn refuse(
        &self,
        run: &PipelineRun,
        outcome: RunOutcome,
        reason: &str,
        error: Option<&PlanError>,
    ) -> Result<(), PipelineRunError> {
        let findings = error.map(plan_findings).unwrap_or_default();
        let decide = |run: &mut PipelineRun| {
            if run.status != crate::RunStatus::Queued {
                return Ok(Decision::Keep(()));
            }
            run.findings.clone_from(&findings);
            let completed = run.complete(Ending {
                outcome,
                reason: Some(reason.to_owned()),
                outputs: RunOutputs::default(),
                at: self.now(),
            });
            Ok(match completed {
                Some(completed) => Decision::Save((), vec![event(run, &completed)?]),
                None => Decision::Keep(()),
            })
        };
        self.runs()
            .change(&run.system_ctx(), run.id, decide)
            .await?;
        // The next one of its project has its turn.
        self.runs().queued().notify_one();
        Ok(())
    }
}

//! What a dead process left behind.

use super::{Executor, ending};
use crate::{
    PipelineRun, PipelineRunError, RunOutcome, RunOutputs,
    model::Ending,
    service::{Decision, event},
    store,
};

const BATCH: u64 = 100;
const STOPPED: &str = "the server stopped during the run";

impl Executor {
    /// Ends lost runs and removes work folders that stayed; returns how many runs it touched.
    pub(crate) async fn recover(&self) -> Result<usize, PipelineRunError> {
        let mut touched = 0;
        for run in store::lost(self.runs().store(), self.holder(), BATCH).await? {
            // A process that slept finds out about its lease by itself.
            if !self.runs().active().contains(run.id) && self.end_lost(&run).await? {
                touched += 1;
            }
        }
        for run in store::littered(self.runs().store(), self.holder(), BATCH).await? {
            let here = self.runs().active().contains(run.id);
            if !here && self.reap(&run).await {
                self.release(&run).await?;
                touched += 1;
            }
        }
        Ok(touched)
    }

    async fn end_lost(&self, run: &PipelineRun) -> Result<bool, PipelineRunError> {
        let holder = self.holder();
        let lost =
            |run: &PipelineRun| run.is_lost(&holder.instance, &holder.incarnation, self.now());
        self.end(run, STOPPED, lost).await
    }

    /// Ends a run of this process that nothing works on any more.
    pub(super) async fn abandon(
        &self,
        run: &PipelineRun,
        reason: &str,
    ) -> Result<bool, PipelineRunError> {
        let own = |run: &PipelineRun| run.is_run_by(&self.holder().incarnation);
        self.end(run, reason, own).await
    }

    /// Kills what is left of the run on this machine, then ends it while `still` holds.
    async fn end(
        &self,
        run: &PipelineRun,
        reason: &str,
        still: impl Fn(&PipelineRun) -> bool + Send + Sync,
    ) -> Result<bool, PipelineRunError> {
        let reaped = self.reap(run).await;
        let stored = self.runs().stored_lines(run).await?;
        let decide = |run: &mut PipelineRun| {
            if !still(run) {
                return Ok(Decision::Keep(false));
            }
            let completed = run.complete(Ending {
                outcome: RunOutcome::Errored,
                reason: Some(reason.to_owned()),
                outputs: RunOutputs::default(),
                at: self.now(),
            });
            let Some(completed) = completed else {
                return Ok(Decision::Keep(false));
            };
            self.leave(run, reaped);
            let events = vec![event(run, &completed)?];
            Ok(Decision::End(true, events, stored.clone()))
        };
        let ctx = run.system_ctx();
        let (run, ended) = self.runs().change(&ctx, run.id, decide).await?;
        if ended {
            ending::count(&run);
            let outcome = run.outcome.map_or("", RunOutcome::as_str);
            tracing::warn!(run.id = %run.id, outcome, reason, "a lost run was ended");
        }
        Ok(ended)
    }

    // Only its holder can tell that the work folder is gone from its disk.
    fn leave(&self, run: &mut PipelineRun, reaped: bool) {
        let here = |holder: &str| holder == self.holder().instance;
        if run
            .lease
            .as_ref()
            .is_some_and(|lease| reaped && here(&lease.holder))
        {
            run.lease = None;
        }
    }

    async fn release(&self, run: &PipelineRun) -> Result<(), PipelineRunError> {
        let decide = |run: &mut PipelineRun| {
            self.leave(run, true);
            Ok(Decision::Save((), Vec::new()))
        };
        self.runs()
            .change(&run.system_ctx(), run.id, decide)
            .await?;
        Ok(())
    }
}

//! One run, from its begin to its end.

use std::{path::Path, pin::pin, sync::Arc, time::Duration};

use async_trait::async_trait;
use sluice_git_host::{GitHost, Oid, RepoPath};
use sluice_pipeline_runner::{
    CheckoutError, RunObserver, RunPlan, RunReport, RunRequest, SourceCheckout,
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{Executor, active::Entered, claim::Claimed, ending, session::Session, uploads};
use crate::{
    PipelineRun, PipelineRunError, RunOutputs,
    service::{Decision, event},
};

/// How the work on a run came to its end.
pub(super) enum Ended {
    /// The runner ran it to its end.
    Reported(Box<RunReport>, RunOutputs),
    /// The technique failed.
    Broken(String),
    /// It did not heed its cancelling.
    Overdue,
    /// It is not this process's any more.
    Lost,
}

struct GitCheckout {
    git: Arc<dyn GitHost>,
    repository: RepoPath,
    commit: Oid,
}

#[async_trait]
impl SourceCheckout for GitCheckout {
    async fn checkout(&self, dir: &Path) -> Result<(), CheckoutError> {
        let done = self.git.checkout(&self.repository, &self.commit, dir).await;
        done.map_err(|error| CheckoutError {
            message: error.to_string(),
        })
    }
}

// The end of a run is worth some patience: while the store does not answer, it is tried again.
const TRIES: u32 = 12;

impl Executor {
    /// Runs a claimed run to its end and records that.
    pub(super) async fn drive(&self, claimed: Claimed) {
        let Claimed { run, plan } = claimed;
        let span = tracing::info_span!(
            "pipeline_run",
            run.id = %run.id,
            trace_id = %run.meta.trace_id,
            tenant_id = %run.meta.tenant_id,
            project_id = %run.meta.project_id,
        );
        self.drive_inside(run, plan).instrument(span).await;
    }

    async fn drive_inside(&self, run: PipelineRun, plan: RunPlan) {
        let entered = Entered::new(self.runs(), &run);
        let session = Arc::new(Session::new(self, &run));
        let cancel = CancellationToken::new();
        tracing::info!("the run begins");
        let ended = self.contest(&run, plan, &session, &cancel, &entered).await;
        session.close_logs().await;
        let tidy = self.reap(&run).await;
        if matches!(ended, Ended::Lost) {
            tracing::warn!("the run was taken over by recovery");
        } else {
            self.finish(&run, &session, &ended, tidy).await;
        }
    }

    /// Works on the run while its lease is kept; dropping the work kills its processes.
    async fn contest(
        &self,
        run: &PipelineRun,
        plan: RunPlan,
        session: &Arc<Session>,
        cancel: &CancellationToken,
        entered: &Entered,
    ) -> Ended {
        let done = CancellationToken::new();
        let mut work = pin!(self.work(run, plan, session, cancel));
        let mut keep = pin!(session.keep(cancel, entered.poke(), &done));
        tokio::select! {
            ended = &mut keep => ended,
            ended = &mut work => {
                // A save under way is not cut short: it would be unknown what it saved.
                done.cancel();
                keep.await;
                ended
            }
        }
    }

    async fn work(
        &self,
        run: &PipelineRun,
        plan: RunPlan,
        session: &Arc<Session>,
        cancel: &CancellationToken,
    ) -> Ended {
        let request = match self.request(run, plan) {
            Ok(request) => request,
            Err(error) => return Ended::Broken(error.to_string()),
        };
        let observer = Arc::clone(session) as Arc<dyn RunObserver>;
        let runner = &self.runs().ports().runner;
        let report = match runner.run(request, observer, cancel.clone()).await {
            Ok(report) => report,
            Err(error) => return Ended::Broken(error.to_string()),
        };
        match uploads::store(self.runs().ports().blobs.as_ref(), run, &report).await {
            Ok(outputs) => Ended::Reported(Box::new(report), outputs),
            Err(error) => Ended::Broken(format!("the results could not be stored: {error}")),
        }
    }

    fn request(&self, run: &PipelineRun, plan: RunPlan) -> Result<RunRequest, PipelineRunError> {
        let meta = &run.meta;
        let source = GitCheckout {
            git: Arc::clone(&self.runs().ports().git),
            repository: RepoPath::new(
                meta.tenant_id.as_str(),
                meta.project_id.as_str(),
                &run.repository_name,
            )?,
            commit: run.commit_sha.parse()?,
        };
        Ok(RunRequest {
            run_id: run.id.to_string(),
            build_number: run.build_number.clone(),
            plan,
            source: Arc::new(source),
            source_version: run.commit_sha.clone(),
            source_branch: format!("refs/heads/{}", run.branch),
            repository_name: run.repository_name.clone(),
            variables: run.variables.clone(),
            secrets: Default::default(),
            limits: self.config().limits.clone(),
        })
    }

    /// Removes the run's work folder and what still lives in it; whether that went well.
    pub(super) async fn reap(&self, run: &PipelineRun) -> bool {
        match self.runs().ports().runner.reap(&run.id.to_string()).await {
            Ok(report) => {
                if report.killed > 0 {
                    tracing::warn!(run.id = %run.id, killed = report.killed, "leftovers ended");
                }
                true
            }
            Err(error) => {
                tracing::warn!(run.id = %run.id, error = %error, "the work folder stays for now");
                false
            }
        }
    }

    async fn finish(&self, run: &PipelineRun, session: &Session, ended: &Ended, tidy: bool) {
        let mut delay = Duration::from_millis(250);
        for left in (0..TRIES).rev() {
            match self.complete(run, session, ended, tidy).await {
                Ok(()) => return,
                Err(error) if left == 0 => {
                    tracing::error!(error = %error, "the end of the run is left to recovery");
                }
                Err(error) => {
                    tracing::warn!(error = %error, "the end of the run could not be saved yet");
                    tokio::time::sleep(delay).await;
                    delay = (delay * 2).min(Duration::from_secs(10));
                }
            }
        }
    }

    async fn complete(
        &self,
        run: &PipelineRun,
        session: &Session,
        ended: &Ended,
        tidy: bool,
    ) -> Result<(), PipelineRunError> {
        let progress = session.progress();
        let stored = session.stored_lines();
        let decide = |run: &mut PipelineRun| {
            if !run.is_run_by(&self.holder().incarnation) {
                return Ok(Decision::Keep(None));
            }
            let mut events = Vec::new();
            for change in &progress.changes {
                events.push(event(run, change)?);
            }
            run.timeline.clone_from(&progress.timeline);
            if let Ended::Reported(report, _) = ended {
                run.timeline.clone_from(&report.timeline);
                run.build_number.clone_from(&report.build_number);
                run.tags.clone_from(&report.tags);
            }
            let Some(completed) = run.complete(ending::of(ended, self.now())) else {
                return Ok(Decision::Keep(None));
            };
            if tidy {
                run.lease = None;
            }
            events.push(event(run, &completed)?);
            Ok(Decision::End(run.outcome, events, stored.clone()))
        };
        let (run, outcome) = self
            .runs()
            .change(&run.system_ctx(), run.id, decide)
            .await?;
        match outcome {
            Some(outcome) => {
                ending::count(&run);
                tracing::info!(outcome = outcome.as_str(), "the run ended");
            }
            None => tracing::warn!("the run had been ended by recovery"),
        }
        Ok(())
    }
}

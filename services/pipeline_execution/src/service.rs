//! The use cases.

use std::sync::Arc;

use async_trait::async_trait;
use sluice_git_host::{GitHost, RepoPath};
use sluice_kernel::{
    BoxFault, Ctx, Outcome,
    directory::{PipelineDirectory, PipelineView, RunDirectory, RunView},
};
use sluice_pipeline_runner::PipelineRunner;
use sluice_schema::{RunId, Scope};
use sluice_store::Store;
use sluice_test_results::blob::BlobStore;
use tokio::sync::Notify;

use crate::{
    CancelPipelineRun, PipelineRun, PipelineRunError, RetryPipelineRun, RunPipeline,
    commands::Wanted,
    executor::Active,
    model::{CancelRequest, Cancelling, RunSubject},
    store,
};

mod change;
mod joined;
mod logs;
mod queue;
mod reads;

pub(crate) use change::{Decision, event};
pub(crate) use joined::Heard;
pub use joined::{LogStep, RunLog, RunLogLine, RunLogPage};
pub use logs::{LogLine, LogPage};
pub(crate) use logs::{log_key, stored_line};
use queue::{NewRun, reset, same_variables};

type Result<T> = std::result::Result<T, PipelineRunError>;

/// The outside world, as pipeline execution needs it.
#[derive(Clone)]
pub struct Ports {
    /// Answers which pipelines are defined.
    pub pipelines: Arc<dyn PipelineDirectory>,
    /// Holds the commits.
    pub git: Arc<dyn GitHost>,
    /// Checks and runs definitions.
    pub runner: Arc<dyn PipelineRunner>,
    /// Holds logs, artifacts and result files.
    pub blobs: Arc<dyn BlobStore>,
}

struct Inner {
    store: Store,
    ports: Ports,
    queued: Notify,
    active: Active,
    log_heard: Heard,
}

/// The pipeline execution service; cheap to clone.
#[derive(Clone)]
pub struct PipelineRuns(Arc<Inner>);

const MAX_ATTEMPTS: u32 = 100;
const TRIES: usize = 20;

impl PipelineRuns {
    /// A service on `store` and the outside world.
    pub fn new(store: Store, ports: Ports) -> Self {
        Self(Arc::new(Inner {
            store,
            ports,
            queued: Notify::new(),
            active: Active::default(),
            log_heard: Heard::default(),
        }))
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn ports(&self) -> &Ports {
        &self.0.ports
    }

    /// Told when a run was queued by this process.
    pub(crate) fn queued(&self) -> &Notify {
        &self.0.queued
    }

    /// The runs that this process runs.
    pub(crate) fn active(&self) -> &Active {
        &self.0.active
    }

    /// Who follows logs in this process.
    pub(crate) fn log_heard(&self) -> &Heard {
        &self.0.log_heard
    }

    /// Runs a pipeline for a commit, as the first attempt of the two.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `INVALID_PIPELINE` with everything that the
    /// runner does not support, `CONFLICT` when the commit was run with other variables.
    pub async fn run_pipeline(
        &self,
        ctx: &Ctx,
        command: RunPipeline,
    ) -> Result<Outcome<Arc<PipelineRun>>> {
        ctx.require(Scope::PipelinesRun)?;
        let wanted = command.validate()?;
        if let Some(run) = self.recalled(ctx, "runPipeline").await? {
            return Ok(Outcome::replayed(run));
        }
        let pipeline = self.pipeline(ctx, &command).await?;
        let (commit_sha, branch) = self.resolve(ctx, &pipeline, wanted).await?;
        let given = command.variables.as_ref();
        let first = self.first_attempt(ctx, &pipeline, &commit_sha, given).await;
        if let Some(run) = first? {
            return Ok(Outcome::replayed(Arc::new(run)));
        }
        let plan = self.ports().runner.plan(&pipeline.yaml)?;
        let subject = RunSubject {
            pipeline_id: pipeline.id,
            repository_id: pipeline.repository_id,
            repository_name: pipeline.repository_name.clone(),
            branch,
            commit_sha,
            module: pipeline.module.clone(),
            variables: command.variables.clone().unwrap_or_default(),
        };
        let new = NewRun {
            command: "runPipeline",
            project: pipeline.project_id.clone(),
            module: pipeline.module_id.clone(),
            subject,
            attempt: 1,
            retried_from: None,
            timeline: plan.timeline(),
        };
        let outcome = self.enqueue(ctx, new).await?;
        if outcome.replayed {
            same_variables(&outcome.value, given)?;
        }
        Ok(outcome)
    }

    async fn recalled(&self, ctx: &Ctx, command: &str) -> Result<Option<Arc<PipelineRun>>> {
        let Some(id) = self.store().recall(ctx, command).await? else {
            return Ok(None);
        };
        let id = id.parse().map_err(|_| PipelineRunError::NotFound)?;
        Ok(Some(Arc::new(self.load(ctx, id).await?)))
    }

    async fn pipeline(&self, ctx: &Ctx, command: &RunPipeline) -> Result<PipelineView> {
        let found = self.ports().pipelines.pipeline(ctx, command.pipeline_id);
        let found = found.await.map_err(PipelineRunError::directory)?;
        let pipeline = found.ok_or(PipelineRunError::PipelineNotFound)?;
        ctx.require_project(&pipeline.project_id)
            .map_err(|_| PipelineRunError::PipelineNotFound)?;
        Ok(pipeline)
    }

    /// The commit and its branch.
    async fn resolve(
        &self,
        ctx: &Ctx,
        pipeline: &PipelineView,
        wanted: Wanted,
    ) -> Result<(String, String)> {
        let git = &self.ports().git;
        let (tenant, project) = (ctx.tenant().as_str(), pipeline.project_id.as_str());
        let path = RepoPath::new(tenant, project, &pipeline.repository_name)?;
        match wanted {
            Wanted::Generated => Ok((pipeline.commit_sha.clone(), pipeline.branch.clone())),
            Wanted::Commit(id) => match git.commit(&path, &id).await? {
                Some(_) => Ok((id.to_string(), pipeline.branch.clone())),
                None => {
                    let rule = "the repository has no such commit";
                    Err(PipelineRunError::invalid("commitSha", rule))
                }
            },
            Wanted::Head(branch) => match git.head(&path, &branch).await? {
                Some(head) => Ok((head.to_string(), branch.to_string())),
                None => {
                    let rule = "the repository has no such branch";
                    Err(PipelineRunError::invalid("branch", rule))
                }
            },
        }
    }

    /// Ends a run: at once when it waits, within the executor's bound when it runs.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `FAILED_PRECONDITION` when it ended otherwise.
    pub async fn cancel(
        &self,
        ctx: &Ctx,
        command: CancelPipelineRun,
    ) -> Result<Outcome<Arc<PipelineRun>>> {
        ctx.require(Scope::PipelinesRun)?;
        command.validate()?;
        let decide = |run: &mut PipelineRun| {
            let request = CancelRequest {
                by: ctx.actor().id.clone(),
                at: self.store().clock().now(),
                reason: command.reason.clone(),
            };
            run.meta.touch(ctx, request.at);
            Ok(match run.request_cancel(request)? {
                Cancelling::Replayed => Decision::Keep(true),
                Cancelling::Requested => Decision::Save(false, Vec::new()),
                Cancelling::Ended(completed) => {
                    Decision::Save(false, vec![event(run, &*completed)?])
                }
            })
        };
        let (run, replayed) = self.change(ctx, command.run_id, decide).await?;
        self.active().poke(run.id);
        Ok(Outcome {
            value: Arc::new(run),
            replayed,
        })
    }

    /// Tries the commit of a run that ended without success once more.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `FAILED_PRECONDITION` when it has not ended or succeeded.
    pub async fn retry(
        &self,
        ctx: &Ctx,
        command: RetryPipelineRun,
    ) -> Result<Outcome<Arc<PipelineRun>>> {
        ctx.require(Scope::PipelinesRun)?;
        if let Some(run) = self.recalled(ctx, "retryPipelineRun").await? {
            return Ok(Outcome::replayed(run));
        }
        let run = self.load(ctx, command.run_id).await?;
        run.ensure_retryable()?;
        if run.attempt >= MAX_ATTEMPTS {
            return Err(PipelineRunError::TooManyAttempts(MAX_ATTEMPTS));
        }
        let mut timeline = run.timeline.clone();
        reset(&mut timeline);
        let new = NewRun {
            command: "retryPipelineRun",
            project: run.meta.project_id.clone(),
            module: run.meta.module_id.clone(),
            subject: run.subject(),
            attempt: run.attempt + 1,
            retried_from: Some(run.id),
            timeline,
        };
        self.enqueue(ctx, new).await
    }

    async fn load(&self, ctx: &Ctx, id: RunId) -> Result<PipelineRun> {
        self.store()
            .list::<store::PipelineRunList>(ctx)
            .by_id(id)
            .await?
            .ok_or(PipelineRunError::NotFound)
    }
}

#[async_trait]
impl RunDirectory for PipelineRuns {
    async fn run(&self, ctx: &Ctx, id: RunId) -> std::result::Result<Option<RunView>, BoxFault> {
        let run = self
            .store()
            .list::<store::PipelineRunList>(ctx)
            .by_id(id)
            .await?;
        Ok(run.map(|run| RunView {
            id: run.id,
            pipeline_id: run.pipeline_id,
            repository_id: run.repository_id,
            project_id: run.meta.project_id,
            commit_sha: run.commit_sha,
            finished_at: run.finished_at,
        }))
    }
}

//! What a run shows and where it leads.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, SimpleObject};
use chrono::{DateTime, Utc};
use sluice_pipeline_execution as service;
use sluice_schema::{PipelineId, RepositoryId, RunId, events};

use super::{LogPage, PipelineRunFilter, PipelineRunLogLines, RunStage};
use crate::{
    build_result::{BuildByRun, BuildResult},
    commit::{Commit, CommitBySha},
    declare::{aggregate, children, listed},
    fault::{Finding, Result},
    loaders::{Call, lookups},
    pipeline::{ModuleDescription, PipelineById, PipelineDefinition},
    pull_request::{PullRequest, PullRequestOfCommit},
    repository::{Repository, RepositoryById},
    scalars::Long,
};

/// Where a run is in its life.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::RunStatus")]
pub enum RunStatus {
    /// It waits for a free place.
    Queued,
    /// Its processes run.
    Running,
    /// It ended; the outcome says how.
    Completed,
}

/// How a run ended.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::RunOutcome")]
pub enum RunOutcome {
    /// All went well.
    Succeeded,
    /// The work failed: a step, or a definition that cannot run.
    Failed,
    /// The technique failed: the server, the disk, a provider.
    Errored,
    /// A person ended it.
    Cancelled,
}

/// A variable of a run; never a secret.
#[derive(SimpleObject, Debug, Clone)]
pub struct RunVariable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Who asked for the end of a run.
#[derive(SimpleObject, Debug, Clone)]
pub struct RunCancellation {
    /// The caller.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why, in the caller's words.
    pub reason: Option<String>,
}

/// A file that a run or an external CI published.
#[derive(SimpleObject, Debug, Clone)]
pub struct Artifact {
    /// Name in the run; several files may share it.
    pub name: String,
    /// Path of the file inside the artifact.
    pub path: String,
    /// Key in the blob store, or the external CI's URI.
    pub key: String,
    /// `sha256:<hex>` of the content.
    pub digest: String,
    /// Bytes.
    pub size: Long,
}

impl From<&events::PublishedArtifact> for Artifact {
    fn from(artifact: &events::PublishedArtifact) -> Self {
        Self {
            name: artifact.name.clone(),
            path: artifact.path.clone(),
            key: artifact.blob.key.clone(),
            digest: artifact.blob.digest.clone(),
            size: Long(artifact.blob.size),
        }
    }
}

/// A raw file of test results or coverage that a run published.
#[derive(SimpleObject, Debug, Clone)]
pub struct ResultFile {
    /// `JUNIT`, `TRX` or `COBERTURA`.
    pub format: String,
    /// Path relative to the run's work folder.
    pub path: String,
    /// Title that the step gave.
    pub title: Option<String>,
    /// Key in the blob store.
    pub key: String,
    /// `sha256:<hex>` of the content.
    pub digest: String,
    /// Bytes.
    pub size: Long,
}

impl From<&events::PublishedResult> for ResultFile {
    fn from(file: &events::PublishedResult) -> Self {
        Self {
            format: file.format.clone(),
            path: file.path.clone(),
            title: file.title.clone(),
            key: file.blob.key.clone(),
            digest: file.blob.digest.clone(),
            size: Long(file.blob.size),
        }
    }
}

lookups! {
    /// A run by its id.
    RunById(RunId) -> Arc<service::PipelineRun> = list runs.find_many;
    /// The runs of a commit, newest first.
    RunsOfCommit((RepositoryId, String)) -> Vec<Arc<service::PipelineRun>>
        = map runs.find_by_commits;
    /// The runs that repeat a run, oldest first.
    RetriesOfRun(RunId) -> Vec<Arc<service::PipelineRun>> = map runs.find_retries;
}

children! {
    /// A repository's runs.
    RunsOfRepository: RepositoryId => PipelineRun
        = runs.pages_by_repository, counts_by_repository;
    /// A definition's runs.
    RunsOfPipeline: PipelineId => PipelineRun = runs.pages_by_pipeline, counts_by_pipeline;
}

listed! {
    PipelineRun(service::PipelineRun) from runs;
    filter PipelineRunFilter -> service::PipelineRunFilter;
    order PipelineRunOrder, PipelineRunOrderField -> service::PipelineRunOrder {
        /// By creation.
        CreatedAt,
        /// By last change.
        UpdatedAt,
        /// By number in the repository.
        Number,
    }
}

aggregate! {
    /// A run: one attempt to build one commit with one pipeline. It ends exactly once; earlier
    /// attempts stay as they are.
    PipelineRun(service::PipelineRun);
    fields {
        /// Id of what it runs.
        async fn pipeline_id(&self) -> ID {
            self.0.pipeline_id.to_string().into()
        }
        /// Id of the repository.
        async fn repository_id(&self) -> ID {
            self.0.repository_id.to_string().into()
        }
        /// Branch of the commit.
        async fn branch(&self) -> &str {
            &self.0.branch
        }
        /// The commit that it builds.
        async fn commit_sha(&self) -> &str {
            &self.0.commit_sha
        }
        /// Attempt for this pipeline and commit, from 1.
        async fn attempt(&self) -> u32 {
            self.0.attempt
        }
        /// Number in the repository, from 1.
        async fn number(&self) -> u64 {
            self.0.number
        }
        /// The number as text; the pipeline may change it.
        async fn build_number(&self) -> &str {
            &self.0.build_number
        }
        /// Where it is in its life.
        async fn status(&self) -> RunStatus {
            self.0.status.into()
        }
        /// How it ended; present exactly when completed.
        async fn outcome(&self) -> Option<RunOutcome> {
            self.0.outcome.map(Into::into)
        }
        /// One line that says why it did not succeed.
        async fn reason(&self) -> Option<&str> {
            self.0.reason.as_deref()
        }
        /// Why the definition cannot run, when it cannot.
        async fn findings(&self) -> Vec<Finding> {
            self.0.findings.iter().cloned().map(Into::into).collect()
        }
        /// The module that it builds.
        async fn module(&self) -> ModuleDescription {
            (&self.0.module).into()
        }
        /// Its stages with their jobs and steps, in order; empty until the definition was read.
        async fn stages(&self) -> Vec<RunStage> {
            self.0.timeline.stages.iter().map(Into::into).collect()
        }
        /// Its variables.
        async fn variables(&self) -> Vec<RunVariable> {
            let variables = self.0.variables.iter();
            let pairs = variables.map(|(name, value)| (name.clone(), value.clone()));
            pairs.map(|(name, value)| RunVariable { name, value }).collect()
        }
        /// Tags that its steps set.
        async fn tags(&self) -> &[String] {
            &self.0.tags
        }
        /// When it was asked for.
        async fn queued_at(&self) -> DateTime<Utc> {
            self.0.queued_at
        }
        /// When it left the queue.
        async fn started_at(&self) -> Option<DateTime<Utc>> {
            self.0.started_at
        }
        /// When it ended.
        async fn finished_at(&self) -> Option<DateTime<Utc>> {
            self.0.finished_at
        }
        /// Who asked for its end, if anybody.
        async fn cancellation(&self) -> Option<RunCancellation> {
            self.0.cancel.as_ref().map(|request| RunCancellation {
                by: request.by.clone(),
                at: request.at,
                reason: request.reason.clone(),
            })
        }
        /// Artifacts that it published, one entry per file.
        async fn artifacts(&self) -> Vec<Artifact> {
            self.0.outputs.artifacts.iter().map(Into::into).collect()
        }
        /// Raw files of test results that it published.
        async fn test_result_files(&self) -> Vec<ResultFile> {
            self.0.outputs.test_results.iter().map(Into::into).collect()
        }
        /// Raw files of coverage that it published.
        async fn coverage_files(&self) -> Vec<ResultFile> {
            self.0.outputs.coverage.iter().map(Into::into).collect()
        }
        /// Lines of a step's log; it may be read while it is written.
        #[graphql(complexity = "200")]
        async fn log(
            &self,
            context: &Context<'_>,
            #[graphql(desc = "The step's id, as `stages` shows it.")] step: String,
            #[graphql(desc = "The first line, from 1.", default = 1)] from_line: u64,
            #[graphql(desc = "At most so many lines, 1 to 5,000.", default = 500)] limit: usize,
        ) -> Result<LogPage> {
            let call = Call::of(context)?;
            let runs = &call.services.runs;
            let page = runs.log(&call.ctx, self.0.id, &step, from_line, limit).await;
            Ok(page.map_err(|fault| call.failure(fault))?.into())
        }
        /// Lines of the log of the whole run: of all its steps, in the order in which they were
        /// stored; it may be read while it is written, and `pipelineRunLog` follows it.
        #[graphql(complexity = "200")]
        async fn joined_log(
            &self,
            context: &Context<'_>,
            #[graphql(desc = "The first line, from 1.", default_with = "Long(1)")] from_line: Long,
            #[graphql(desc = "At most so many lines, 1 to 5,000; fewer when they are long.", default = 500)]
            limit: usize,
        ) -> Result<PipelineRunLogLines> {
            let call = Call::of(context)?;
            let page = async {
                let mut log = call.services.runs.run_log(&call.ctx, self.0.id).await?;
                log.page(from_line.0, limit).await
            };
            Ok(page.await.map_err(|fault| call.failure(fault))?.into())
        }
    }
    one {
        /// What it runs.
        pipeline: PipelineDefinition by |it| Some(PipelineById(it.pipeline_id));
        /// The repository.
        repository: Repository by |it| Some(RepositoryById(it.repository_id));
        /// The commit that it builds.
        commit: Commit by |it| Some(CommitBySha((it.repository_id, it.commit_sha.clone())));
        /// The pull request whose merge wrote the commit, or whose source it heads.
        pull_request: PullRequest by |it| Some(PullRequestOfCommit((
            it.repository_id,
            it.commit_sha.clone(),
            None,
        )));
        /// What it proved; null until it ended and its results were read.
        build: BuildResult by |it| Some(BuildByRun(it.id));
        /// The run that this one repeats.
        retried_from: PipelineRun by |it| it.retried_from.map(RunById);
    }
    many {
        /// The runs that repeat this one, oldest first.
        retries: PipelineRun by |it| vec![RetriesOfRun(it.id)];
    }
    lists {}
}

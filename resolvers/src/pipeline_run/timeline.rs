//! A run's stages, jobs and steps.

use async_graphql::{Enum, ID, SimpleObject};
use chrono::{DateTime, Utc};
use sluice_pipeline_runner as runner;

use crate::scalars::Long;

/// How far a stage, job or step is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "runner::RecordState")]
pub enum RecordState {
    /// Not begun.
    Pending,
    /// Begun and not finished.
    Running,
    /// Finished, with a result.
    Completed,
}

/// How a stage, job or step ended.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "runner::RecordResult")]
pub enum RecordResult {
    /// All went well.
    Succeeded,
    /// A failure that was allowed, or that the step said itself.
    SucceededWithIssues,
    /// The pipeline's own work failed or ran out of time.
    Failed,
    /// Somebody cancelled the run.
    Cancelled,
    /// The condition was false, so nothing ran.
    Skipped,
    /// The runner could not do its part, for example the checkout or the disk failed.
    Errored,
}

/// How bad an issue is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "runner::IssueKind")]
pub enum IssueKind {
    /// An error.
    Error,
    /// A warning.
    Warning,
}

/// A problem that a step reported, or that the runner met.
#[derive(SimpleObject, Debug, Clone)]
pub struct RunIssue {
    /// Error or warning.
    pub kind: IssueKind,
    /// What is wrong; secrets are masked.
    pub message: String,
    /// File that it is about, as the step named it.
    pub source_path: Option<String>,
    /// Line in the file, from 1.
    pub line: Option<u32>,
    /// Column in the line, from 1.
    pub column: Option<u32>,
    /// Code of the tool, for example `CS0103`.
    pub code: Option<String>,
}

/// How far a stage, job or step is and how it ended.
#[derive(SimpleObject, Debug, Clone)]
pub struct RecordStatus {
    /// How far it is.
    pub state: RecordState,
    /// How it ended; present exactly when completed.
    pub result: Option<RecordResult>,
    /// When it began; null for what never ran.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Which try this is, from 1.
    pub attempt: u32,
    /// Why it failed, in one sentence; secrets are masked.
    pub error: Option<String>,
    /// Lines in the log; always 0 for stages and jobs.
    pub log_lines: Long,
    /// Per cent done, when the step says so.
    pub progress: Option<u8>,
    /// Problems, at most 100 for a step.
    pub issues: Vec<RunIssue>,
}

/// One stage of a run.
#[derive(SimpleObject, Debug, Clone)]
pub struct RunStage {
    /// The name of the stage, unique in the run.
    pub id: ID,
    /// The name of the stage.
    pub name: String,
    /// What people read.
    pub display_name: String,
    /// Place in the pipeline, from 1.
    pub order: u32,
    /// How far it is.
    #[graphql(flatten)]
    pub status: RecordStatus,
    /// Its jobs, in order.
    pub jobs: Vec<RunJob>,
}

/// One job of a stage, or one leg of a matrix.
#[derive(SimpleObject, Debug, Clone)]
pub struct RunJob {
    /// `<stage>/<job>` or `<stage>/<job>.<leg>`, unique in the run.
    pub id: ID,
    /// The name of the job, shared by the legs of a matrix.
    pub name: String,
    /// The leg of the matrix, when the job has one.
    pub leg: Option<String>,
    /// What people read.
    pub display_name: String,
    /// Place in the stage, from 1.
    pub order: u32,
    /// How far it is.
    #[graphql(flatten)]
    pub status: RecordStatus,
    /// Its steps, in order.
    pub steps: Vec<RunStep>,
}

/// One step of a job.
#[derive(SimpleObject, Debug, Clone)]
pub struct RunStep {
    /// `<stage>/<job>/<order>`, unique in the run; `log` takes it.
    pub id: ID,
    /// The name of the step, when it has one.
    pub name: Option<String>,
    /// What people read.
    pub display_name: String,
    /// Place in the job, from 1.
    pub order: u32,
    /// How far it is.
    #[graphql(flatten)]
    pub status: RecordStatus,
}

impl From<&runner::Issue> for RunIssue {
    fn from(issue: &runner::Issue) -> Self {
        Self {
            kind: issue.kind.into(),
            message: issue.message.clone(),
            source_path: issue.source_path.clone(),
            line: issue.line,
            column: issue.column,
            code: issue.code.clone(),
        }
    }
}

impl From<&runner::Status> for RecordStatus {
    fn from(status: &runner::Status) -> Self {
        Self {
            state: status.state.into(),
            result: status.result.map(Into::into),
            started_at: status.started_at,
            finished_at: status.finished_at,
            attempt: status.attempt,
            error: status.error.clone(),
            log_lines: Long(status.log_lines),
            progress: status.progress,
            issues: status.issues.iter().map(Into::into).collect(),
        }
    }
}

impl From<&runner::StageRecord> for RunStage {
    fn from(stage: &runner::StageRecord) -> Self {
        Self {
            id: stage.id.clone().into(),
            name: stage.name.clone(),
            display_name: stage.display_name.clone(),
            order: stage.order,
            status: (&stage.status).into(),
            jobs: stage.jobs.iter().map(Into::into).collect(),
        }
    }
}

impl From<&runner::JobRecord> for RunJob {
    fn from(job: &runner::JobRecord) -> Self {
        Self {
            id: job.id.clone().into(),
            name: job.name.clone(),
            leg: job.leg.clone(),
            display_name: job.display_name.clone(),
            order: job.order,
            status: (&job.status).into(),
            steps: job.steps.iter().map(Into::into).collect(),
        }
    }
}

impl From<&runner::StepRecord> for RunStep {
    fn from(step: &runner::StepRecord) -> Self {
        Self {
            id: step.id.clone().into(),
            name: step.name.clone(),
            display_name: step.display_name.clone(),
            order: step.order,
            status: (&step.status).into(),
        }
    }
}

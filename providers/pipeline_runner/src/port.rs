//! The port: what the platform asks of a runner, and what a runner asks of the platform.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::error::{CheckoutError, ObserverGone, PlanError, RunnerError};
use crate::plan::RunPlan;
use crate::timeline::{Issue, RecordResult, Timeline, TimelineChange};

/// Runs pipelines.
#[async_trait]
pub trait PipelineRunner: Send + Sync {
    /// Parses and validates.
    ///
    /// # Errors
    /// Lists everything that is wrong or not supported, with its place in the text.
    fn plan(&self, yaml: &str) -> Result<RunPlan, PlanError>;

    /// Runs to the end. Every outcome of the pipeline is a report; its files stay in the work
    /// folder until [`Self::reap`]. Cancelling ends the run within the grace of its limits.
    /// Dropping the future kills the process groups of the run; [`Self::reap`] then finds those
    /// that had left their group.
    ///
    /// # Errors
    /// The request is invalid, the work folder exists already or cannot be made, or the observer
    /// gave the run up. No process of the run is left behind.
    async fn run(
        &self,
        request: RunRequest,
        observer: Arc<dyn RunObserver>,
        cancel: CancellationToken,
    ) -> Result<RunReport, RunnerError>;

    /// Ends processes that a run left behind, when the server died during it, and removes the
    /// work folder. Also the last call of every finished run. Does nothing for an unknown run.
    ///
    /// # Errors
    /// The run is in progress in this process, its id is invalid, or the folder cannot be removed.
    async fn reap(&self, run_id: &str) -> Result<ReapReport, RunnerError>;
}

/// Places the sources of the commit.
#[async_trait]
pub trait SourceCheckout: Send + Sync {
    /// Fills `dir`, an existing empty folder, with the files of the commit. May be called for
    /// several jobs at once.
    ///
    /// # Errors
    /// The files cannot be had; the step is then errored.
    async fn checkout(&self, dir: &Path) -> Result<(), CheckoutError>;
}

/// Hears of everything that happens. An error from any method ends the run and its processes.
/// Calls that take longer than the limit `observer_timeout` count as an error.
#[async_trait]
pub trait RunObserver: Send + Sync {
    /// A record has a new status. Changes of one record come in order; records of different jobs
    /// come at the same time.
    ///
    /// # Errors
    /// The run is to be given up.
    async fn changed(&self, change: TimelineChange) -> Result<(), ObserverGone>;

    /// New lines in the log of a step, in order and without holes, masked; the batches of one
    /// step come one after the other.
    ///
    /// # Errors
    /// The run is to be given up.
    async fn log(&self, step: &StepRef, lines: Vec<LogLine>) -> Result<(), ObserverGone>;
}

/// Names a step of a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepRef {
    /// Id of the stage.
    pub stage_id: String,
    /// Id of the job.
    pub job_id: String,
    /// Id of the step.
    pub step_id: String,
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// Number in the log of the step, from 1 without holes.
    pub number: u64,
    /// When the line was read.
    pub at: DateTime<Utc>,
    /// The text without line break, masked, at most the limit `line_bytes` plus a short mark.
    pub text: String,
}

/// Bounds of a run. What is over a bound is cut or failed, never kept in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLimits {
    /// Longest time of the whole run.
    pub overall: Duration,
    /// Log bytes kept of a step; later output is read and dropped.
    pub step_log_bytes: u64,
    /// Longest line in bytes; longer lines are cut.
    pub line_bytes: usize,
    /// Jobs of this run that run at the same time.
    pub parallel_jobs: usize,
    /// Between the polite and the hard signal to processes.
    pub kill_grace: Duration,
    /// Longest time that steps with `always()` get after a cancel or a time-out; also bounded by
    /// the job's `cancelTimeoutInMinutes`.
    pub cancel_grace: Duration,
    /// Longest call of the observer.
    pub observer_timeout: Duration,
    /// Bytes of all artifacts, results and reports of the run together.
    pub stored_bytes: u64,
    /// Files of all artifacts, results and reports of the run together.
    pub stored_files: u64,
    /// Bytes of one test result or coverage file.
    pub result_bytes: u64,
}

impl Default for RunLimits {
    fn default() -> Self {
        Self {
            overall: Duration::from_secs(60 * 60),
            step_log_bytes: 16 * 1024 * 1024,
            line_bytes: 32 * 1024,
            parallel_jobs: 4,
            kill_grace: Duration::from_secs(5),
            cancel_grace: Duration::from_secs(60),
            observer_timeout: Duration::from_secs(30),
            stored_bytes: 2 * 1024 * 1024 * 1024,
            stored_files: 50_000,
            result_bytes: 64 * 1024 * 1024,
        }
    }
}

/// Everything that one run needs.
#[derive(Clone)]
pub struct RunRequest {
    /// Names the run and its work folder: 1 to 128 letters, digits, `_` and `-`.
    pub run_id: String,
    /// `Build.BuildNumber` at the start; `##vso[build.updatebuildnumber]` may change it.
    pub build_number: String,
    /// What to run.
    pub plan: RunPlan,
    /// Where `checkout: self` gets the files.
    pub source: Arc<dyn SourceCheckout>,
    /// `Build.SourceVersion`: the commit.
    pub source_version: String,
    /// `Build.SourceBranch`: the full ref, for example `refs/heads/main`.
    pub source_branch: String,
    /// `Build.Repository.Name`.
    pub repository_name: String,
    /// Further variables; those of the YAML override them.
    pub variables: BTreeMap<String, String>,
    /// Secret variables: masked everywhere, and no environment variable unless a step maps them.
    pub secrets: BTreeMap<String, String>,
    /// Bounds.
    pub limits: RunLimits,
}

impl fmt::Debug for RunRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The values of secrets stay out of every log.
        f.debug_struct("RunRequest")
            .field("run_id", &self.run_id)
            .field("build_number", &self.build_number)
            .field("source_version", &self.source_version)
            .field("source_branch", &self.source_branch)
            .field("secrets", &self.secrets.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// A published artifact: a folder in the work folder of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishedArtifact {
    /// Name, unique in the run.
    pub name: String,
    /// Folder on disk with the files; gone after `reap`.
    pub dir: PathBuf,
    /// Regular files in it.
    pub files: u64,
    /// Their size together, in bytes.
    pub bytes: u64,
    /// The job that published it first.
    pub job_id: String,
}

/// The formats of test results that can be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ResultFormat {
    /// JUnit XML.
    JUnit,
    /// Visual Studio test results (`.trx`).
    Trx,
}

/// A file of test results, copied into the work folder of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResultFile {
    /// The format that the step named; the content is not checked.
    pub format: ResultFormat,
    /// The copy on disk; gone after `reap`.
    pub path: PathBuf,
    /// Name of the file in the search folder of the step, with `/`.
    pub name: String,
    /// `testRunTitle` of the step, if any.
    pub run_title: Option<String>,
    /// The job that published it.
    pub job_id: String,
}

/// A summary or an attachment, copied into the work folder of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// Kind as the step named it; `summary` for `##vso[task.uploadsummary]`.
    pub kind: String,
    /// Name as the step gave it.
    pub name: String,
    /// The copy on disk; gone after `reap`.
    pub path: PathBuf,
    /// The step.
    pub step_id: String,
}

/// How a run ended and what it made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// Never `Skipped`.
    pub result: RecordResult,
    /// Why the run did not go to its own end, for example the overall time-out.
    pub error: Option<String>,
    /// All records, all completed.
    pub timeline: Timeline,
    /// Artifacts by name.
    pub artifacts: Vec<PublishedArtifact>,
    /// Test results in the order of publishing.
    pub test_results: Vec<ResultFile>,
    /// Cobertura files, copied into the work folder, in the order of publishing.
    pub coverage: Vec<PathBuf>,
    /// Summaries and attachments in the order of uploading.
    pub attachments: Vec<Attachment>,
    /// The build number at the end.
    pub build_number: String,
    /// Tags by `##vso[build.addbuildtag]`, each once.
    pub tags: Vec<String>,
    /// Problems of all steps in the order of the timeline, at most 1,000.
    pub issues: Vec<Issue>,
    /// When the run began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
}

/// What [`PipelineRunner::reap`] found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReapReport {
    /// Processes that were still alive and got a signal.
    pub killed: u32,
    /// Whether there was a work folder to remove.
    pub removed_folder: bool,
}

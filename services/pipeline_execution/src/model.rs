//! The PipelineRun aggregate: pure, without store, runner or clock.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sluice_kernel::{Ctx, Finding, Meta, text_enum};
use sluice_pipeline_runner::{JobRecord, StepRecord, Timeline};
use sluice_schema::{
    EventId, PipelineId, RepositoryId, RunId,
    events::{ModuleDescription, PipelineRunCompleted, PublishedArtifact, PublishedResult},
};

text_enum! {
    /// Where a run is in its life.
    RunStatus {
        /// It waits for a free place.
        Queued = "QUEUED",
        /// Its processes run.
        Running = "RUNNING",
        /// It ended; the outcome says how.
        Completed = "COMPLETED",
    }
}

text_enum! {
    /// How a run ended.
    RunOutcome {
        /// All went well.
        Succeeded = "SUCCEEDED",
        /// The work failed: a step, or a definition that cannot run.
        Failed = "FAILED",
        /// The technique failed: the server, the disk, a provider.
        Errored = "ERRORED",
        /// A person ended it.
        Cancelled = "CANCELLED",
    }
}

/// Who runs a run, and until when without another word. A completed run keeps it only while its
/// work folder is still to be removed from the holder's disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The instance, stable over restarts of its process.
    pub holder: String,
    /// The process of that instance.
    pub incarnation: String,
    /// When others may take the run for lost.
    pub until: DateTime<Utc>,
}

/// Who asked for the end of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelRequest {
    /// The caller.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why, in the caller's words.
    pub reason: Option<String>,
}

/// What a run left behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunOutputs {
    /// Raw files of test results.
    pub test_results: Vec<PublishedResult>,
    /// Raw files of coverage.
    pub coverage: Vec<PublishedResult>,
    /// Artifacts, one entry per file.
    pub artifacts: Vec<PublishedArtifact>,
}

/// One attempt to build one commit with one pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineRun {
    /// Its id.
    pub id: RunId,
    /// Ownership, audit fields and version.
    pub meta: Meta,
    /// What it runs.
    pub pipeline_id: PipelineId,
    /// The repository.
    pub repository_id: RepositoryId,
    /// The repository's name.
    pub repository_name: String,
    /// Branch of the commit.
    pub branch: String,
    /// The commit that it builds.
    pub commit_sha: String,
    /// Attempt for this pipeline and commit, from 1.
    pub attempt: u32,
    /// Number in the repository, from 1.
    pub number: u64,
    /// The number as text; the pipeline may change it.
    pub build_number: String,
    /// Where it is in its life.
    pub status: RunStatus,
    /// How it ended; present exactly when completed.
    pub outcome: Option<RunOutcome>,
    /// One line that says why it did not succeed.
    pub reason: Option<String>,
    /// Why the definition cannot run, when it cannot.
    pub findings: Vec<Finding>,
    /// The module that it builds.
    pub module: ModuleDescription,
    /// Stages, jobs and steps with their states; empty until the definition was read.
    pub timeline: Timeline,
    /// Variables of this run; never secrets.
    pub variables: BTreeMap<String, String>,
    /// Tags that its steps set.
    pub tags: Vec<String>,
    /// When it was asked for.
    pub queued_at: DateTime<Utc>,
    /// When it left the queue.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Who asked for its end, if anybody.
    pub cancel: Option<CancelRequest>,
    /// Who runs it.
    pub lease: Option<Lease>,
    /// The run that this one repeats.
    pub retried_from: Option<RunId>,
    /// The event that asked for it; absent when a command did.
    pub caused_by: Option<EventId>,
    /// Prefix of its logs in the blob store; a step's log is below it, under the step's id.
    pub logs_prefix: String,
    /// What it left behind.
    pub outputs: RunOutputs,
}

/// What a run is queued for.
#[derive(Debug, Clone)]
pub(crate) struct RunSubject {
    pub(crate) pipeline_id: PipelineId,
    pub(crate) repository_id: RepositoryId,
    pub(crate) repository_name: String,
    pub(crate) branch: String,
    pub(crate) commit_sha: String,
    pub(crate) module: ModuleDescription,
    pub(crate) variables: BTreeMap<String, String>,
}

/// How a run ends.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    pub(crate) outcome: RunOutcome,
    pub(crate) reason: Option<String>,
    pub(crate) outputs: RunOutputs,
    pub(crate) at: DateTime<Utc>,
}

/// What a request to cancel amounts to.
#[derive(Debug, PartialEq)]
pub(crate) enum Cancelling {
    /// It was asked for, or done, before.
    Replayed,
    /// Whoever runs it has to end it.
    Requested,
    /// It had not begun, so that it is over now.
    Ended(Box<PipelineRunCompleted>),
}

/// The longest reason that is kept, in characters.
pub(crate) const MAX_REASON: usize = 500;

impl PipelineRun {
    /// A run that waits; its number is given when it is inserted.
    pub(crate) fn queued(id: RunId, meta: Meta, subject: RunSubject, attempt: u32) -> Self {
        let logs_prefix = format!("logs/{}/{id}", meta.tenant_id);
        Self {
            id,
            queued_at: meta.created_at,
            meta,
            pipeline_id: subject.pipeline_id,
            repository_id: subject.repository_id,
            repository_name: subject.repository_name,
            branch: subject.branch,
            commit_sha: subject.commit_sha,
            attempt,
            number: 0,
            build_number: String::new(),
            status: RunStatus::Queued,
            outcome: None,
            reason: None,
            findings: Vec::new(),
            module: subject.module,
            timeline: Timeline::default(),
            variables: subject.variables,
            tags: Vec::new(),
            started_at: None,
            finished_at: None,
            cancel: None,
            lease: None,
            retried_from: None,
            caused_by: None,
            logs_prefix,
            outputs: RunOutputs::default(),
        }
    }

    /// The context of the run's own work.
    pub(crate) fn system_ctx(&self) -> Ctx {
        self.meta
            .system_ctx(crate::SERVICE)
            .with_causation(self.caused_by)
    }

    /// Its steps with their jobs, in order.
    pub(crate) fn steps(&self) -> impl Iterator<Item = (&JobRecord, &StepRecord)> {
        let jobs = self.timeline.stages.iter().flat_map(|stage| &stage.jobs);
        jobs.flat_map(|job| job.steps.iter().map(move |step| (job, step)))
    }

    /// The ids of its steps, in order.
    pub(crate) fn step_ids(&self) -> impl Iterator<Item = &str> {
        self.steps().map(|(_, step)| step.id.as_str())
    }

    /// What another run of the same commit is queued for.
    pub(crate) fn subject(&self) -> RunSubject {
        RunSubject {
            pipeline_id: self.pipeline_id,
            repository_id: self.repository_id,
            repository_name: self.repository_name.clone(),
            branch: self.branch.clone(),
            commit_sha: self.commit_sha.clone(),
            module: self.module.clone(),
            variables: self.variables.clone(),
        }
    }
}

impl CancelRequest {
    fn sentence(&self) -> String {
        match &self.reason {
            Some(reason) => one_line(&format!("cancelled by {}: {reason}", self.by)),
            None => format!("cancelled by {}", self.by),
        }
    }
}

/// The text on one line, cut to [`MAX_REASON`] characters.
pub(crate) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(MAX_REASON).collect()
}

mod transitions;

#[cfg(test)]
mod tests;

//! The states of stages, jobs and steps, as they are shown and stored.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How far a record is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RecordState {
    /// Not begun.
    #[default]
    Pending,
    /// Begun and not finished.
    Running,
    /// Finished, with a result.
    Completed,
}

/// How a record ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RecordResult {
    /// All went well.
    Succeeded,
    /// A failure that was allowed by `continueOnError`, or said by `##vso[task.complete]`.
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

impl RecordResult {
    /// Whether work that depends on this may go on by default.
    #[must_use]
    pub fn is_success(self) -> bool {
        matches!(self, Self::Succeeded | Self::SucceededWithIssues)
    }

    /// The name that expressions compare with, for example `dependencies.A.result`.
    #[must_use]
    pub fn azure_name(self) -> &'static str {
        match self {
            Self::Succeeded => "Succeeded",
            Self::SucceededWithIssues => "SucceededWithIssues",
            Self::Failed | Self::Errored => "Failed",
            Self::Cancelled => "Canceled",
            Self::Skipped => "Skipped",
        }
    }

    fn weight(self) -> u8 {
        match self {
            Self::Skipped => 0,
            Self::Succeeded => 1,
            Self::SucceededWithIssues => 2,
            Self::Failed => 3,
            Self::Errored => 4,
            Self::Cancelled => 5,
        }
    }

    /// The result of a whole from its parts: the worst one; skipped only when all are.
    pub(crate) fn worst(parts: impl IntoIterator<Item = Self>) -> Self {
        parts
            .into_iter()
            .max_by_key(|result| result.weight())
            .unwrap_or(Self::Succeeded)
    }
}

/// How bad an [`Issue`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IssueKind {
    /// An error.
    Error,
    /// A warning.
    Warning,
}

/// A problem that a step reported by `##vso[task.logissue]`, or that the runner met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Issue {
    /// Error or warning.
    pub kind: IssueKind,
    /// What is wrong; secrets are masked.
    pub message: String,
    /// File the issue is about, as the step named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_path: Option<String>,
    /// Line in the file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column in the line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// Code of the tool, for example `CS0103`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

impl Issue {
    pub(crate) fn new(kind: IssueKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            kind,
            message,
            source_path: None,
            line: None,
            column: None,
            code: None,
        }
    }
}

/// What changes about a record while a run goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// How far it is.
    pub state: RecordState,
    /// How it ended; present exactly when `state` is completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<RecordResult>,
    /// When it began; absent for what never ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// Which try this is, from 1; above 1 for a step that `retryCountOnTaskFailure` repeats.
    pub attempt: u32,
    /// Why it failed, in one sentence; secrets are masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Lines in the log; always 0 for stages and jobs.
    pub log_lines: u64,
    /// Per cent done, as the step said by `##vso[task.setprogress]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<u8>,
    /// Problems, at most 100 for a step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<Issue>,
}

impl Default for Status {
    fn default() -> Self {
        Self {
            state: RecordState::Pending,
            result: None,
            started_at: None,
            finished_at: None,
            attempt: 1,
            error: None,
            log_lines: 0,
            progress: None,
            issues: Vec::new(),
        }
    }
}

/// One step of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepRecord {
    /// `<stage>/<job>/<order>`, unique in the run.
    pub id: String,
    /// The `name` of the step, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What people read.
    pub display_name: String,
    /// Place in the job, from 1.
    pub order: u32,
    /// How far it is.
    pub status: Status,
}

/// One job, or one leg of a matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobRecord {
    /// `<stage>/<job>` or `<stage>/<job>.<leg>`, unique in the run.
    pub id: String,
    /// The name of the job, shared by the legs of a matrix.
    pub name: String,
    /// The leg of the matrix, if the job has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leg: Option<String>,
    /// What people read.
    pub display_name: String,
    /// Place in the stage, from 1.
    pub order: u32,
    /// How far it is.
    pub status: Status,
    /// The steps in order.
    pub steps: Vec<StepRecord>,
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageRecord {
    /// The name of the stage, unique in the run.
    pub id: String,
    /// The name of the stage.
    pub name: String,
    /// What people read.
    pub display_name: String,
    /// Place in the pipeline, from 1.
    pub order: u32,
    /// How far it is.
    pub status: Status,
    /// The jobs in order.
    pub jobs: Vec<JobRecord>,
}

/// All stages, jobs and steps of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Timeline {
    /// The stages in order.
    pub stages: Vec<StageRecord>,
}

/// What a [`TimelineChange`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RecordKind {
    /// A stage.
    Stage,
    /// A job.
    Job,
    /// A step.
    Step,
}

/// The new status of one record. Changes of one record arrive in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimelineChange {
    /// Stage, job or step.
    pub kind: RecordKind,
    /// Id of the record.
    pub id: String,
    /// What people read.
    pub display_name: String,
    /// Place among its siblings, from 1.
    pub order: u32,
    /// The whole status after the change.
    pub status: Status,
}

impl Timeline {
    /// Takes a change over; returns whether the record exists.
    pub fn apply(&mut self, change: &TimelineChange) -> bool {
        let found = self.status_mut(&change.id);
        found
            .map(|(_, status)| status.clone_from(&change.status))
            .is_some()
    }

    /// The status of a record by its id.
    #[must_use]
    pub fn status(&self, id: &str) -> Option<&Status> {
        for stage in &self.stages {
            if stage.id == id {
                return Some(&stage.status);
            }
            for job in &stage.jobs {
                if job.id == id {
                    return Some(&job.status);
                }
                if let Some(step) = job.steps.iter().find(|step| step.id == id) {
                    return Some(&step.status);
                }
            }
        }
        None
    }

    /// Finishes everything that is not completed, for a run that was lost: what ran becomes
    /// `result`, what had not begun is skipped.
    pub fn close(&mut self, result: RecordResult, error: &str, at: DateTime<Utc>) {
        for stage in &mut self.stages {
            close(&mut stage.status, result, error, at);
            for job in &mut stage.jobs {
                close(&mut job.status, result, error, at);
                for step in &mut job.steps {
                    close(&mut step.status, result, error, at);
                }
            }
        }
    }

    /// The description (kind, display name, order) and status of a record.
    pub(crate) fn status_mut(
        &mut self,
        id: &str,
    ) -> Option<((RecordKind, &str, u32), &mut Status)> {
        for stage in &mut self.stages {
            if stage.id == id {
                let about = (RecordKind::Stage, stage.display_name.as_str(), stage.order);
                return Some((about, &mut stage.status));
            }
            for job in &mut stage.jobs {
                if job.id == id {
                    let about = (RecordKind::Job, job.display_name.as_str(), job.order);
                    return Some((about, &mut job.status));
                }
                for step in &mut job.steps {
                    if step.id == id {
                        let about = (RecordKind::Step, step.display_name.as_str(), step.order);
                        return Some((about, &mut step.status));
                    }
                }
            }
        }
        None
    }
}

fn close(status: &mut Status, result: RecordResult, error: &str, at: DateTime<Utc>) {
    match status.state {
        RecordState::Completed => return,
        RecordState::Pending => status.result = Some(RecordResult::Skipped),
        RecordState::Running => {
            status.result = Some(result);
            status.error = Some(error.to_owned());
            status.finished_at = Some(at);
        }
    }
    status.state = RecordState::Completed;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_part_decides_and_skipped_needs_all() {
        use RecordResult::{Cancelled, Failed, Skipped, Succeeded, SucceededWithIssues};
        assert_eq!(RecordResult::worst([Skipped, Succeeded]), Succeeded);
        assert_eq!(RecordResult::worst([Skipped, Skipped]), Skipped);
        assert_eq!(
            RecordResult::worst([Succeeded, SucceededWithIssues]),
            SucceededWithIssues
        );
        assert_eq!(
            RecordResult::worst([Failed, Cancelled, Succeeded]),
            Cancelled
        );
        assert_eq!(RecordResult::worst([]), Succeeded);
    }
}

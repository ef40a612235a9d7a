//! Logs of steps, and of whole runs.

use async_graphql::{ID, SimpleObject};
use chrono::{DateTime, Utc};
use sluice_pipeline_execution as service;

use crate::scalars::Long;

/// Some lines of a step's log, which may still be growing.
#[derive(SimpleObject, Debug, Clone)]
pub struct LogPage {
    /// The lines, in order, without a hole.
    pub lines: Vec<LogLine>,
    /// The line to read from next.
    pub next_line: Long,
    /// How many lines are stored so far.
    pub total_lines: Long,
    /// Whether the page ends with the log's last line and none will follow.
    pub is_complete: bool,
}

/// One line of a step's log.
#[derive(SimpleObject, Debug, Clone)]
pub struct LogLine {
    /// Counts from 1 without a hole.
    pub number: Long,
    /// When it was written, when the stored line tells.
    pub at: Option<DateTime<Utc>>,
    /// The text, without its line break; secrets are masked.
    pub text: String,
}

impl From<service::LogPage> for LogPage {
    fn from(page: service::LogPage) -> Self {
        let lines = page.lines.into_iter().map(|line| LogLine {
            number: Long(line.number),
            at: line.at,
            text: line.text,
        });
        Self {
            lines: lines.collect(),
            next_line: Long(page.next),
            total_lines: Long(page.total),
            is_complete: page.is_complete,
        }
    }
}

/// Some lines of a run's log: of all its steps, in the order in which they were stored.
#[derive(SimpleObject, Debug, Clone)]
pub struct PipelineRunLogLines {
    /// The lines, in order, without a hole.
    pub lines: Vec<PipelineRunLogLine>,
    /// The line to read from next.
    pub next_line: Long,
    /// Whether the run has ended and no line will follow.
    pub is_complete: bool,
}

/// One line of a run's log.
#[derive(SimpleObject, Debug, Clone)]
pub struct PipelineRunLogLine {
    /// Counts over the whole run, from 1 without a hole; the same for ever, whoever asks.
    pub number: Long,
    /// The id of the step that wrote it, as `stages` shows it.
    pub step_id: ID,
    /// The step, for people.
    pub step_name: String,
    /// The step's job, for people.
    pub job_name: String,
    /// When it was written, when the stored line tells.
    pub at: Option<DateTime<Utc>>,
    /// The text, without its line break; secrets are masked.
    pub text: String,
}

impl From<service::RunLogPage> for PipelineRunLogLines {
    fn from(page: service::RunLogPage) -> Self {
        let lines = page.lines.into_iter().map(|line| PipelineRunLogLine {
            number: Long(line.number),
            step_id: line.step.id.as_str().into(),
            step_name: line.step.name.clone(),
            job_name: line.step.job.clone(),
            at: line.at,
            text: line.text,
        });
        Self {
            lines: lines.collect(),
            next_line: Long(page.next),
            is_complete: page.is_complete,
        }
    }
}

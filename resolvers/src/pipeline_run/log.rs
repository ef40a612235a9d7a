//! Logs of steps.

use async_graphql::SimpleObject;
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

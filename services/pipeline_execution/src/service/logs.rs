//! Logs of steps.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use sluice_kernel::Ctx;
use sluice_pipeline_runner::RecordState;
use sluice_schema::{RunId, Scope};
use sluice_test_results::{
    blob::{BlobKey, InvalidKey},
    logs::{self, LogReader},
};

use super::{PipelineRuns, Result};
use crate::{PipelineRun, PipelineRunError};

/// One line of a step's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Counts from 1 without a hole.
    pub number: u64,
    /// When it was written; absent when the stored line does not tell.
    pub at: Option<DateTime<Utc>>,
    /// The text, without its line break; secrets are masked.
    pub text: String,
}

/// Some lines of a step's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    /// The lines, in order, without a hole.
    pub lines: Vec<LogLine>,
    /// The number to read from next.
    pub next: u64,
    /// How many lines are stored so far.
    pub total: u64,
    /// Whether the page ends with the log's last line and none will follow.
    pub is_complete: bool,
}

const MAX_LINES: usize = 5_000;

impl PipelineRuns {
    /// At most `limit` (1 to 5,000) lines of a step's log from line `from_line`, 1-based. The
    /// step is named by its id in the timeline, `stage/job/order`. A log may be read while it
    /// is written; lines are there some 300 ms after they were printed.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT` for the limit, `UNAVAILABLE`.
    pub async fn log(
        &self,
        ctx: &Ctx,
        id: RunId,
        step_id: &str,
        from_line: u64,
        limit: usize,
    ) -> Result<LogPage> {
        ctx.require(Scope::Read)?;
        if !(1..=MAX_LINES).contains(&limit) {
            let rule = format!("limit must be 1 to {MAX_LINES}");
            return Err(PipelineRunError::invalid("limit", rule));
        }
        // The state is read before the lines: what is complete then has all its lines.
        let run = self.load(ctx, id).await?;
        let is_step = run
            .timeline
            .stages
            .iter()
            .flat_map(|stage| &stage.jobs)
            .flat_map(|job| &job.steps)
            .any(|step| step.id == step_id);
        let status = run.timeline.status(step_id).filter(|_| is_step);
        let status = status.ok_or_else(|| PipelineRunError::StepNotFound(step_id.to_owned()))?;
        let key = log_key(&run, step_id)?;
        let mut reader = LogReader::new(Arc::clone(&self.ports().blobs), key);
        let page = reader.read(from_line, limit).await;
        let page = page.map_err(PipelineRunError::Log)?;
        Ok(LogPage {
            is_complete: status.state == RecordState::Completed && page.next > page.total,
            next: page.next,
            total: page.total,
            lines: page.lines.into_iter().map(line_of).collect(),
        })
    }
}

/// Where a step's log is.
pub(crate) fn log_key(
    run: &PipelineRun,
    step_id: &str,
) -> std::result::Result<BlobKey, InvalidKey> {
    let segments: Vec<String> = step_id.split('/').map(BlobKey::segment).collect();
    BlobKey::new(format!("{}/{}", run.logs_prefix, segments.join("/")))
}

/// A line as it is stored: its time, a space, its text.
pub(crate) fn stored_line(at: DateTime<Utc>, text: &str) -> String {
    let at = at.to_rfc3339_opts(SecondsFormat::Micros, true);
    format!("{at} {text}")
}

pub(super) fn line_of(line: logs::LogLine) -> LogLine {
    let dated = line.text.split_once(' ').and_then(|(at, text)| {
        let at = DateTime::parse_from_rfc3339(at).ok()?;
        Some((at.with_timezone(&Utc), text.to_owned()))
    });
    let number = line.number;
    match dated {
        Some((at, text)) => LogLine {
            number,
            at: Some(at),
            text,
        },
        None => LogLine {
            number,
            at: None,
            text: line.text,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_line_gives_back_its_time_and_text() {
        let at = DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
        for text in ["", " indented", "##[error]x y"] {
            let line = logs::LogLine {
                number: 7,
                text: stored_line(at, text),
            };
            let back = line_of(line);
            assert_eq!((back.at, back.text.as_str()), (Some(at), text));
        }
    }
}

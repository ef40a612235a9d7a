//! The log of a whole run: the lines of all its steps, in the order in which they were stored.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use sluice_kernel::Ctx;
use sluice_pipeline_runner::RecordState;
use sluice_schema::{RunId, Scope};
use sluice_test_results::logs::LogReader;
use tokio::sync::watch;

use super::{
    PipelineRuns, Result,
    logs::{line_of, log_key},
};
use crate::{
    PipelineRun, PipelineRunError, RunStatus,
    store::{self, LogPart, StepLines},
};

/// One line of a run's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLogLine {
    /// Counts over the whole run, from 1 without a hole; the same for ever.
    pub number: u64,
    /// The step that wrote it.
    pub step: Arc<LogStep>,
    /// When it was written; absent when the stored line does not tell.
    pub at: Option<DateTime<Utc>>,
    /// The text, without its line break; secrets are masked.
    pub text: String,
}

/// A step, as the lines of its log name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStep {
    /// Its id in the timeline, `stage/job/order`.
    pub id: String,
    /// What people read.
    pub name: String,
    /// Its job, as people read it.
    pub job: String,
}

/// Some lines of a run's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLogPage {
    /// The lines, in order, without a hole.
    pub lines: Vec<RunLogLine>,
    /// The number to read from next.
    pub next: u64,
    /// Whether the run has ended and no line will follow.
    pub is_complete: bool,
}

/// The longest page, in lines.
const MAX_LINES: usize = 5_000;
/// Text of a page in bytes, after which no further line is added.
const MAX_BYTES: usize = 512 * 1024;
/// How often a log is looked at without being told: its run may be another process's.
const LOOK: Duration = Duration::from_secs(1);

/// Who follows which run's log in this process.
#[derive(Debug, Default)]
pub(crate) struct Heard(Mutex<HashMap<RunId, watch::Sender<()>>>);

impl Heard {
    fn senders(&self) -> MutexGuard<'_, HashMap<RunId, watch::Sender<()>>> {
        let mut senders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        senders.retain(|_, sender| sender.receiver_count() > 0);
        senders
    }

    fn follow(&self, run: RunId) -> watch::Receiver<()> {
        let mut senders = self.senders();
        let sender = senders.entry(run).or_insert_with(|| watch::channel(()).0);
        sender.subscribe()
    }

    /// Lines were added to the run's log, or it ended.
    pub(crate) fn tell(&self, run: RunId) {
        if let Some(sender) = self.senders().get(&run) {
            sender.send_replace(());
        }
    }
}

/// Reads the log of one run; keep it to follow the log.
pub struct RunLog {
    runs: PipelineRuns,
    ctx: Ctx,
    run: PipelineRun,
    heard: watch::Receiver<()>,
    readers: HashMap<String, LogReader>,
    steps: HashMap<String, Arc<LogStep>>,
    end: Option<End>,
}

/// What is known of the log of a run that has ended.
struct End {
    /// Its last line.
    last: u64,
    /// Places of lines that got none while the run was under way.
    rest: Vec<LogPart>,
}

impl PipelineRuns {
    /// The log of a run, which may still be growing.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, what the store fails with.
    pub async fn run_log(&self, ctx: &Ctx, id: RunId) -> Result<RunLog> {
        ctx.require(Scope::Read)?;
        let heard = self.log_heard().follow(id);
        Ok(RunLog {
            run: self.load(ctx, id).await?,
            runs: self.clone(),
            ctx: ctx.clone(),
            heard,
            readers: HashMap::new(),
            steps: HashMap::new(),
            end: None,
        })
    }

    /// How many lines of each step are stored, in the order of steps.
    pub(crate) async fn stored_lines(&self, run: &PipelineRun) -> Result<Vec<StepLines>> {
        let mut lines = Vec::new();
        let steps = run.steps().map(|(_, step)| step);
        for step in steps.filter(|step| step.status.state != RecordState::Pending) {
            let key = log_key(run, &step.id)?;
            let mut reader = LogReader::new(Arc::clone(&self.ports().blobs), key);
            let stored = reader.line_count().await.map_err(PipelineRunError::Log)?;
            lines.push((step.id.clone(), stored));
        }
        Ok(lines)
    }
}

impl RunLog {
    /// At most `limit` (1 to 5,000) lines from line `from` (1-based; 0 is taken as 1), fewer when
    /// they are long. A page that is empty and not complete has what [`RunLog::changed`] waits
    /// for still to come.
    ///
    /// # Errors
    /// `NOT_FOUND` once the caller may not see the run any more, `INVALID_INPUT` for the limit,
    /// `UNAVAILABLE`.
    pub async fn page(&mut self, from: u64, limit: usize) -> Result<RunLogPage> {
        if !(1..=MAX_LINES).contains(&limit) {
            let rule = format!("limit must be 1 to {MAX_LINES}");
            return Err(PipelineRunError::invalid("limit", rule));
        }
        let from = from.max(1);
        self.heard.mark_unchanged();
        // The state is read before the places: what has ended then has all its lines.
        let mut parts = self.parts(from, limit).await?;
        if parts.is_empty() && !self.has_ended() {
            self.reload().await?;
            parts = self.parts(from, limit).await?;
        }
        let lines = self.lines(&parts, from, limit).await?;
        let next = lines.last().map_or(from, |line| line.number + 1);
        let is_complete = self.end.as_ref().is_some_and(|end| next > end.last);
        Ok(RunLogPage {
            lines,
            next,
            is_complete,
        })
    }

    /// Returns when there may be more lines, after a second at the latest.
    pub async fn changed(&mut self) {
        // The sender lives as long as this receiver does.
        let _ = tokio::time::timeout(LOOK, self.heard.changed()).await;
    }

    fn has_ended(&self) -> bool {
        self.run.status == RunStatus::Completed
    }

    async fn reload(&mut self) -> Result<()> {
        self.run = self.runs.load(&self.ctx, self.run.id).await?;
        Ok(())
    }

    /// Parts with lines, from the one with line `from` on.
    async fn parts(&mut self, from: u64, limit: usize) -> Result<Vec<LogPart>> {
        let ended = self.has_ended();
        if ended && self.end.is_none() {
            self.end = Some(self.find_end().await?);
        }
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let store = self.runs.store();
        let mut parts = store::parts_from(store, &self.ctx, self.run.id, from, limit).await?;
        parts.retain(|part| !part.is_end());
        if let Some(end) = &self.end {
            let rest = end.rest.iter().filter(|part| part.next() > from);
            parts.extend(rest.cloned());
        }
        Ok(parts)
    }

    // A run that ended before places were kept, or without a log, has its steps' lines in order.
    async fn find_end(&self) -> Result<End> {
        let parts = store::all_parts(self.runs.store(), &self.ctx, self.run.id).await?;
        let rest = if parts.last().is_some_and(LogPart::is_end) {
            Vec::new()
        } else {
            store::rest(&parts, &self.runs.stored_lines(&self.run).await?)
        };
        let next = rest.last().or(parts.last()).map_or(1, LogPart::next);
        Ok(End {
            last: next - 1,
            rest,
        })
    }

    async fn lines(
        &mut self,
        parts: &[LogPart],
        from: u64,
        limit: usize,
    ) -> Result<Vec<RunLogLine>> {
        let (mut lines, mut bytes) = (Vec::new(), 0);
        for part in parts {
            let skip = from.saturating_sub(part.first);
            let wanted = usize::try_from(part.lines - skip).unwrap_or(usize::MAX);
            let wanted = wanted.min(limit - lines.len());
            let step = self.step(&part.step).await?;
            let page = self.reader(&part.step)?.read(part.step_line + skip, wanted);
            let page = page.await.map_err(PipelineRunError::Log)?;
            let found = page.lines.len();
            for line in page.lines {
                let number = part.first + (line.number - part.step_line);
                let line = line_of(line);
                bytes += line.text.len();
                lines.push(RunLogLine {
                    number,
                    step: step.clone(),
                    at: line.at,
                    text: line.text,
                });
                if lines.len() >= limit || bytes >= MAX_BYTES {
                    return Ok(lines);
                }
            }
            if found < wanted {
                // The blob store does not show them yet: what follows must wait.
                break;
            }
        }
        Ok(lines)
    }

    fn reader(&mut self, step: &str) -> Result<&mut LogReader> {
        if !self.readers.contains_key(step) {
            let key = log_key(&self.run, step)?;
            let reader = LogReader::new(Arc::clone(&self.runs.ports().blobs), key);
            self.readers.insert(step.to_owned(), reader);
        }
        let reader = self.readers.get_mut(step);
        reader.ok_or_else(|| PipelineRunError::StepNotFound(step.to_owned()))
    }

    async fn step(&mut self, id: &str) -> Result<Arc<LogStep>> {
        if let Some(step) = self.steps.get(id) {
            return Ok(step.clone());
        }
        if !self.run.step_ids().any(|known| known == id) {
            // It was queued when it was read.
            self.reload().await?;
        }
        let mut steps = self.run.steps();
        let found = steps.find(|(_, step)| step.id == id);
        let (job, name) = found.map_or((String::new(), String::new()), |(job, step)| {
            (job.display_name.clone(), step.display_name.clone())
        });
        let id = id.to_owned();
        let step = Arc::new(LogStep { id, name, job });
        self.steps.insert(step.id.clone(), step.clone());
        Ok(step)
    }
}

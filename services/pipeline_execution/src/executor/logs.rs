//! The logs of the steps of one run, on their way to the blob store.

use std::{collections::HashMap, sync::Arc, time::Duration};

use sluice_pipeline_runner::LogLine;
use sluice_test_results::{
    blob::BlobStore,
    logs::{LogError, LogLimits, LogWriter},
};
use tokio::{sync::Mutex, time::Instant};

use super::joined::Joined;
use crate::{
    PipelineRun, PipelineRunError,
    service::{log_key, stored_line},
};

/// The open logs.
pub(super) struct StepLogs {
    blobs: Arc<dyn BlobStore>,
    joined: Joined,
    open: Mutex<HashMap<String, Arc<Mutex<StepLog>>>>,
}

struct StepLog {
    step: String,
    writer: LogWriter,
    flushed: Instant,
    flushes: u32,
    /// Since when the blob store takes nothing; the lines wait meanwhile.
    failing: Option<Instant>,
}

const LIMITS: LogLimits = LogLimits {
    chunk_bytes: 256 * 1024,
    chunk_lines: 2_000,
    // The runner's longest line, its mark and the time.
    line_bytes: 34 * 1024,
};
const PATIENCE: Duration = Duration::from_secs(60);
// A log that goes on and on is flushed less often, as each flush makes a blob.
const QUICK_FLUSHES: u32 = 40;
const SLOWLY: Duration = Duration::from_secs(2);

impl StepLogs {
    pub(super) fn new(blobs: Arc<dyn BlobStore>) -> Self {
        Self {
            blobs,
            joined: Joined::default(),
            open: Mutex::default(),
        }
    }

    async fn log(
        &self,
        run: &PipelineRun,
        step: &str,
    ) -> Result<Arc<Mutex<StepLog>>, PipelineRunError> {
        let mut open = self.open.lock().await;
        if let Some(log) = open.get(step) {
            return Ok(Arc::clone(log));
        }
        let key = log_key(run, step)?;
        let writer = LogWriter::open(Arc::clone(&self.blobs), key, LIMITS).await;
        let log = Arc::new(Mutex::new(StepLog {
            step: step.to_owned(),
            writer: writer.map_err(PipelineRunError::Log)?,
            flushed: Instant::now(),
            flushes: 0,
            failing: None,
        }));
        open.insert(step.to_owned(), Arc::clone(&log));
        Ok(log)
    }

    /// Takes lines over. An error means that the log cannot be kept.
    pub(super) async fn append(
        &self,
        run: &PipelineRun,
        step: &str,
        lines: Vec<LogLine>,
    ) -> Result<(), PipelineRunError> {
        let log = self.log(run, step).await?;
        let mut log = log.lock().await;
        let lines: Vec<String> = lines
            .iter()
            .map(|line| stored_line(line.at, &line.text))
            .collect();
        let taken = log.writer.append(lines).await;
        self.note(&log);
        log.settle(taken).map_err(PipelineRunError::Log)
    }

    /// Writes what has waited for `after`.
    pub(super) async fn flush(&self, after: Duration) {
        for log in self.all().await {
            let mut log = log.lock().await;
            let after = if log.flushes < QUICK_FLUSHES {
                after
            } else {
                after.max(SLOWLY)
            };
            if log.flushed.elapsed() >= after {
                log.flush().await.unwrap_or_else(warn);
                self.note(&log);
            }
        }
    }

    /// Ends the log of a step; it is opened again should more lines come.
    pub(super) async fn close(&self, step: &str) -> Result<(), PipelineRunError> {
        let found = self.open.lock().await.get(step).map(Arc::clone);
        let Some(log) = found else { return Ok(()) };
        let mut log = log.lock().await;
        let flushed = log.flush().await;
        self.note(&log);
        flushed.map_err(PipelineRunError::Log)?;
        if log.failing.is_none() {
            self.open.lock().await.remove(step);
        }
        Ok(())
    }

    /// Ends all logs; what the blob store does not take in a few tries is lost.
    pub(super) async fn close_all(&self) {
        for log in self.all().await {
            let mut log = log.lock().await;
            let mut delay = Duration::from_millis(200);
            while let Err(error) = log.writer.flush().await {
                if delay > Duration::from_secs(4) {
                    warn(error);
                    break;
                }
                tokio::time::sleep(delay).await;
                delay *= 2;
            }
            self.note(&log);
        }
        self.open.lock().await.clear();
    }

    /// The order in which lines were stored.
    pub(super) fn joined(&self) -> &Joined {
        &self.joined
    }

    fn note(&self, log: &StepLog) {
        self.joined.stored(&log.step, log.writer.stored_lines());
    }

    async fn all(&self) -> Vec<Arc<Mutex<StepLog>>> {
        self.open.lock().await.values().map(Arc::clone).collect()
    }
}

impl StepLog {
    async fn flush(&mut self) -> Result<(), LogError> {
        self.flushed = Instant::now();
        if self.writer.line_count() == self.writer.stored_lines() {
            return Ok(());
        }
        self.flushes += 1;
        let done = self.writer.flush().await;
        self.settle(done)
    }

    // The writer keeps what the store did not take, so that a short failure loses nothing.
    fn settle(&mut self, done: Result<(), LogError>) -> Result<(), LogError> {
        let Err(error) = done else {
            self.failing = None;
            return Ok(());
        };
        let since = *self.failing.get_or_insert_with(Instant::now);
        if since.elapsed() > PATIENCE {
            return Err(error);
        }
        warn(error);
        Ok(())
    }
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "used as a function of an error"
)]
fn warn(error: LogError) {
    tracing::warn!(error = %error, "a log could not be written yet");
}

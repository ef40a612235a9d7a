//! The log of one step: numbers, bounds and batches.

use std::time::Duration;

use chrono::Utc;
use tokio::time::Instant;

use crate::port::LogLine;

/// Longest time that a line waits for company.
const BATCH_TIME: Duration = Duration::from_millis(100);
const BATCH_LINES: usize = 500;
const BATCH_BYTES: usize = 256 * 1024;

/// Lines that wait to be handed on, and the count of all.
#[derive(Debug, Default)]
pub(crate) struct Log {
    number: u64,
    bytes: u64,
    full: bool,
    batch: Vec<LogLine>,
    batch_bytes: usize,
    since: Option<Instant>,
}

impl Log {
    /// Adds a masked line, unless the step has used up its `most` bytes.
    pub(crate) fn push(&mut self, text: String, most: u64) {
        if self.full {
            return;
        }
        self.bytes = self.bytes.saturating_add(text.len() as u64 + 1);
        if self.bytes > most {
            self.full = true;
            self.append(format!(
                "##[warning]The log is longer than {most} bytes; the rest is dropped."
            ));
        } else {
            self.append(text);
        }
    }

    /// Adds a line of the runner itself, also to a full log.
    pub(crate) fn append(&mut self, text: String) {
        self.number += 1;
        self.batch_bytes += text.len();
        self.batch.push(LogLine {
            number: self.number,
            at: Utc::now(),
            text,
        });
        self.since.get_or_insert_with(Instant::now);
    }

    /// Lines so far.
    pub(crate) fn count(&self) -> u64 {
        self.number
    }

    /// Whether the batch should go on at once.
    pub(crate) fn is_ripe(&self) -> bool {
        self.batch.len() >= BATCH_LINES
            || self.batch_bytes >= BATCH_BYTES
            || self.due().is_some_and(|due| due <= Instant::now())
    }

    /// When the batch must go on; nothing when it is empty.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.since.map(|since| since + BATCH_TIME)
    }

    pub(crate) fn take(&mut self) -> Vec<LogLine> {
        self.batch_bytes = 0;
        self.since = None;
        std::mem::take(&mut self.batch)
    }
}

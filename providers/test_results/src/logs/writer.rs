//! The one writer of a log.

use std::sync::Arc;

use bytes::Bytes;

use crate::blob::{BlobKey, BlobStore};
use crate::limits::cut;

use super::chunk::{Chunk, chunks_after};
use super::{LogError, LogLimits};

/// Appends lines to a log. There must be one writer per log at a time; readers notice when there
/// were two.
pub struct LogWriter {
    store: Arc<dyn BlobStore>,
    log: BlobKey,
    limits: LogLimits,
    sequence: u64,
    /// Lines stored for good.
    stored: u64,
    buffer: String,
    buffered: u64,
    /// A chunk whose write failed. It may have arrived, so it is tried again unchanged.
    pending: Option<(Bytes, u64)>,
}

impl LogWriter {
    /// Opens the log under `log`, going on after what an earlier writer stored.
    ///
    /// # Errors
    /// [`LogError::Blob`], [`LogError::Damaged`].
    pub async fn open(
        store: Arc<dyn BlobStore>,
        log: BlobKey,
        limits: LogLimits,
    ) -> Result<Self, LogError> {
        let chunks = chunks_after(store.as_ref(), &log, None).await?;
        let last = chunks.last();
        let sequence = last.map_or(0, |chunk| chunk.sequence);
        let stored = last.map_or(0, |chunk| chunk.end() - 1);
        let buffer = String::new();
        Ok(Self {
            store,
            log,
            limits,
            sequence,
            stored,
            buffer,
            buffered: 0,
            pending: None,
        })
    }

    /// Lines appended so far, flushed or not. The next line gets this number plus one.
    #[must_use]
    pub fn line_count(&self) -> u64 {
        self.stored + self.pending.as_ref().map_or(0, |(_, count)| *count) + self.buffered
    }

    /// Lines that will survive a crash.
    #[must_use]
    pub fn stored_lines(&self) -> u64 {
        self.stored
    }

    /// Appends lines; full chunks are written on the way. A text with line breaks in it becomes
    /// several lines; a break at its end and carriage returns before breaks are dropped.
    ///
    /// # Errors
    /// [`LogError::Blob`]; every line is kept, and flushing again goes on where it stopped.
    pub async fn append<I>(&mut self, lines: I) -> Result<(), LogError>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        let mut failure = None;
        for text in lines {
            let text = text.as_ref();
            for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
                self.push(line.strip_suffix('\r').unwrap_or(line));
            }
            // After a failure the rest is only buffered, so that no line of the batch is lost.
            if failure.is_none() && self.is_full() {
                failure = self.flush().await.err();
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// Writes what is buffered.
    ///
    /// # Errors
    /// [`LogError::Blob`]; nothing is lost, call again.
    pub async fn flush(&mut self) -> Result<(), LogError> {
        self.write_pending().await?;
        while self.buffered > 0 {
            self.pending = Some(self.take_chunk());
            self.write_pending().await?;
        }
        Ok(())
    }

    fn push(&mut self, line: &str) {
        if line.len() > self.limits.line_bytes {
            self.buffer
                .push_str(&cut(line.to_owned(), self.limits.line_bytes));
        } else {
            self.buffer.push_str(line);
        }
        self.buffer.push('\n');
        self.buffered += 1;
    }

    fn is_full(&self) -> bool {
        self.buffer.len() >= self.limits.chunk_bytes
            || self.buffered >= self.limits.chunk_lines as u64
    }

    /// The next chunk: whole lines up to the limits, at least one.
    fn take_chunk(&mut self) -> (Bytes, u64) {
        let mut bytes = 0;
        let mut count = 0;
        for line in self.buffer.split_inclusive('\n') {
            let full = bytes + line.len() > self.limits.chunk_bytes
                || count >= self.limits.chunk_lines as u64;
            if count > 0 && full {
                break;
            }
            bytes += line.len();
            count += 1;
        }
        let rest = self.buffer.split_off(bytes);
        let chunk = std::mem::replace(&mut self.buffer, rest);
        self.buffered -= count;
        (Bytes::from(chunk), count)
    }

    async fn write_pending(&mut self) -> Result<(), LogError> {
        let Some((content, count)) = &self.pending else {
            return Ok(());
        };
        let count = *count;
        let key = Chunk::key(&self.log, self.sequence + 1, self.stored + 1, count)?;
        self.store.put_once(&key, content.clone()).await?;
        self.sequence += 1;
        self.stored += count;
        self.pending = None;
        Ok(())
    }
}

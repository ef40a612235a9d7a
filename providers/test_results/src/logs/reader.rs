//! Readers of a log.

use std::sync::Arc;

use crate::blob::{BlobKey, BlobStore};

use super::chunk::{Chunk, chunks_after};
use super::{LogError, LogLine, LogPage};

/// A chunk larger than this was not written here.
const MAX_CHUNK: u64 = 16 * 1024 * 1024;

/// Reads a log, also one that is being written. It remembers which chunks there are, so keep it to
/// follow a log.
pub struct LogReader {
    store: Arc<dyn BlobStore>,
    log: BlobKey,
    chunks: Vec<Chunk>,
}

impl LogReader {
    /// A reader of the log under `log`, which need not exist yet.
    #[must_use]
    pub fn new(store: Arc<dyn BlobStore>, log: BlobKey) -> Self {
        Self {
            store,
            log,
            chunks: Vec::new(),
        }
    }

    /// How many lines are stored now.
    ///
    /// # Errors
    /// [`LogError::Blob`], [`LogError::Damaged`].
    pub async fn line_count(&mut self) -> Result<u64, LogError> {
        self.refresh().await?;
        Ok(self.known())
    }

    /// At most `limit` lines from line `from` (1-based; 0 is taken as 1). A page from past the end
    /// is empty, and so is one of a log that does not exist yet.
    ///
    /// # Errors
    /// [`LogError::Blob`], [`LogError::Damaged`].
    pub async fn read(&mut self, from: u64, limit: usize) -> Result<LogPage, LogError> {
        let from = from.max(1);
        self.refresh().await?;
        let total = self.known();
        let start = self.chunks.partition_point(|chunk| chunk.end() <= from);
        let mut lines = Vec::new();
        for chunk in &self.chunks[start..] {
            if lines.len() >= limit {
                break;
            }
            let text = self.chunk_text(chunk).await?;
            let numbered = (chunk.first..).zip(text.lines_exact());
            let wanted = numbered.filter(|(number, _)| *number >= from);
            let room = limit - lines.len();
            lines.extend(wanted.take(room).map(|(number, text)| LogLine {
                number,
                text: text.to_owned(),
            }));
        }
        let next = lines.last().map_or(from, |line| line.number + 1);
        Ok(LogPage { lines, next, total })
    }

    async fn refresh(&mut self) -> Result<(), LogError> {
        let more = chunks_after(self.store.as_ref(), &self.log, self.chunks.last()).await?;
        self.chunks.extend(more);
        Ok(())
    }

    fn known(&self) -> u64 {
        self.chunks.last().map_or(0, |chunk| chunk.end() - 1)
    }

    async fn chunk_text(&self, chunk: &Chunk) -> Result<ChunkText, LogError> {
        let damaged = |rule| LogError::Damaged {
            key: chunk.key.clone(),
            rule,
        };
        if chunk.size > MAX_CHUNK {
            return Err(damaged("it is larger than any chunk"));
        }
        let bytes = self.store.get(&chunk.key, MAX_CHUNK).await?;
        let text = String::from_utf8(bytes.into()).map_err(|_| damaged("it is not UTF-8"))?;
        if text.matches('\n').count() as u64 != chunk.count || !text.ends_with('\n') {
            return Err(damaged("it does not hold as many lines as its name says"));
        }
        Ok(ChunkText(text))
    }
}

/// Checked content of one chunk.
struct ChunkText(String);

impl ChunkText {
    /// Lines split at `\n` alone: a line may hold carriage returns of its own.
    fn lines_exact(&self) -> impl Iterator<Item = &str> {
        self.0.split_terminator('\n')
    }
}

//! Logs of steps as numbered lines, kept in a blob store as immutable chunks.
//!
//! A chunk's key tells which lines it holds, so counting and seeking read no content, and no index
//! can disagree with the data. One writer appends; any number of readers follow, also meanwhile.
//! What was appended but not flushed is lost with the process, nothing else.
//!
//! Lines are numbered from 1. They are stored as given: a writer that wants times puts them in.

mod chunk;
mod reader;
mod writer;

use serde::{Deserialize, Serialize};

use crate::blob::{BlobError, BlobKey};

pub use reader::LogReader;
pub use writer::LogWriter;

/// When a writer closes a chunk, and how long a line may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLimits {
    /// Bytes after which a chunk is written without being asked.
    pub chunk_bytes: usize,
    /// Lines after which a chunk is written without being asked.
    pub chunk_lines: usize,
    /// Longest line in bytes; longer ones are cut and marked.
    pub line_bytes: usize,
}

impl Default for LogLimits {
    fn default() -> Self {
        Self {
            chunk_bytes: 256 * 1024,
            chunk_lines: 2_000,
            line_bytes: 32 * 1024,
        }
    }
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// Counts from 1 without a hole.
    pub number: u64,
    /// The text, without its line break.
    pub text: String,
}

/// Some lines of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogPage {
    /// The lines, in order, without a hole.
    pub lines: Vec<LogLine>,
    /// The number to read from next.
    pub next: u64,
    /// How many lines were stored when the page was read.
    pub total: u64,
}

/// What can go wrong with a log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The store failed.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A chunk does not follow the one before it, or does not hold what its key says.
    #[error("log chunk {key} is damaged: {rule}")]
    Damaged {
        /// The chunk.
        key: BlobKey,
        /// What is wrong with it.
        rule: &'static str,
    },
}

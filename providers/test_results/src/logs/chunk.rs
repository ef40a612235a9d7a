//! Chunk keys: `<log>/<sequence>-<first line>-<lines>.log`, padded so that they sort as numbers.

use crate::blob::{BlobEntry, BlobError, BlobKey, BlobStore};

use super::LogError;

/// Which lines one chunk holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) key: BlobKey,
    pub(super) sequence: u64,
    pub(super) first: u64,
    pub(super) count: u64,
    pub(super) size: u64,
}

impl Chunk {
    pub(super) fn key(
        log: &BlobKey,
        sequence: u64,
        first: u64,
        count: u64,
    ) -> Result<BlobKey, BlobError> {
        Ok(log.join(&format!("{sequence:08}-{first:012}-{count:06}.log"))?)
    }

    /// One past the last line.
    pub(super) fn end(&self) -> u64 {
        self.first + self.count
    }

    fn parse(entry: BlobEntry) -> Result<Self, LogError> {
        let name = entry.key.file_name();
        let numbers: Option<Vec<u64>> = name
            .strip_suffix(".log")
            .map(|stem| stem.split('-').map(|part| part.parse().ok()).collect())
            .unwrap_or_default();
        match numbers.as_deref() {
            Some(&[sequence, first, count]) if count > 0 && first > 0 => Ok(Self {
                key: entry.key,
                sequence,
                first,
                count,
                size: entry.size,
            }),
            _ => Err(LogError::Damaged {
                key: entry.key,
                rule: "its name is not a chunk's",
            }),
        }
    }
}

/// Chunks after `known`, each of which must follow the one before it.
pub(super) async fn chunks_after(
    store: &dyn BlobStore,
    log: &BlobKey,
    known: Option<&Chunk>,
) -> Result<Vec<Chunk>, LogError> {
    let entries = store.list(log, known.map(|chunk| &chunk.key)).await?;
    let (mut sequence, mut next) = known.map_or((0, 1), |chunk| (chunk.sequence, chunk.end()));
    let mut chunks = Vec::with_capacity(entries.len());
    for entry in entries {
        let chunk = Chunk::parse(entry)?;
        if chunk.sequence != sequence + 1 || chunk.first != next {
            let rule = "it does not follow the chunk before it; two writers, or one is missing";
            return Err(LogError::Damaged {
                key: chunk.key,
                rule,
            });
        }
        (sequence, next) = (chunk.sequence, chunk.end());
        chunks.push(chunk);
    }
    Ok(chunks)
}

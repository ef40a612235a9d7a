//! Logs survive crashes, follow their writer and never renumber a line.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use sluice_test_results::blob::{
    BlobEntry, BlobError, BlobKey, BlobRef, BlobStore, BlobStream, ObjectBlobStore,
};
use sluice_test_results::logs::{LogError, LogLimits, LogReader, LogWriter};

fn log() -> BlobKey {
    BlobKey::new("runs/run_1/steps/test/log").unwrap()
}

fn store() -> (tempfile::TempDir, Arc<dyn BlobStore>) {
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectBlobStore::local(folder.path()).unwrap();
    (folder, Arc::new(store))
}

async fn open(store: &Arc<dyn BlobStore>, limits: LogLimits) -> LogWriter {
    LogWriter::open(store.clone(), log(), limits).await.unwrap()
}

fn numbered(range: Range<u64>) -> Vec<String> {
    range.map(|n| format!("line {n}")).collect()
}

#[tokio::test]
async fn lines_read_back_from_any_number_across_chunks() {
    let (_folder, store) = store();
    let limits = LogLimits {
        chunk_lines: 7,
        ..LogLimits::default()
    };
    let mut writer = open(&store, limits).await;
    writer.append(numbered(1..101)).await.unwrap();
    writer.flush().await.unwrap();
    assert_eq!(writer.stored_lines(), 100);
    let mut reader = LogReader::new(store, log());
    assert_eq!(reader.line_count().await.unwrap(), 100);
    for from in [0, 1, 7, 8, 50, 99, 100] {
        let page = reader.read(from, 10).await.unwrap();
        let first = from.max(1);
        let last = (first + 9).min(100);
        let numbers: Vec<u64> = page.lines.iter().map(|line| line.number).collect();
        assert_eq!(numbers, (first..=last).collect::<Vec<_>>());
        assert!(
            page.lines
                .iter()
                .all(|line| line.text == format!("line {}", line.number))
        );
        assert_eq!((page.next, page.total), (last + 1, 100));
    }
    let past = reader.read(101, 10).await.unwrap();
    assert!(past.lines.is_empty() && past.next == 101);
}

#[tokio::test]
async fn a_log_that_does_not_exist_yet_is_empty() {
    let (_folder, store) = store();
    let page = LogReader::new(store, log()).read(1, 10).await.unwrap();
    assert!(page.lines.is_empty() && page.total == 0 && page.next == 1);
}

#[tokio::test]
async fn readers_follow_a_writer_and_a_crash_loses_only_what_was_not_flushed() {
    let (_folder, store) = store();
    let mut reader = LogReader::new(store.clone(), log());
    let mut writer = open(&store, LogLimits::default()).await;
    writer.append(["one", "two"]).await.unwrap();
    assert_eq!(reader.line_count().await.unwrap(), 0);
    writer.flush().await.unwrap();
    assert_eq!(reader.read(1, 10).await.unwrap().lines.len(), 2);
    writer.append(["lost"]).await.unwrap();
    assert_eq!(writer.line_count(), 3);
    drop(writer);

    let mut writer = open(&store, LogLimits::default()).await;
    assert_eq!(writer.line_count(), 2);
    writer.append(["three"]).await.unwrap();
    writer.flush().await.unwrap();
    let page = reader.read(2, 10).await.unwrap();
    let texts: Vec<_> = page
        .lines
        .iter()
        .map(|line| (line.number, line.text.as_str()))
        .collect();
    assert_eq!(texts, [(2, "two"), (3, "three")]);
}

#[tokio::test]
async fn line_breaks_split_and_long_lines_are_cut() {
    let (_folder, store) = store();
    let limits = LogLimits {
        line_bytes: 22,
        ..LogLimits::default()
    };
    let mut writer = open(&store, limits).await;
    writer
        .append(["a\r\nb\n", "progress 1\rprogress 2", "", &"x".repeat(100)])
        .await
        .unwrap();
    writer.flush().await.unwrap();
    let page = LogReader::new(store, log()).read(1, 100).await.unwrap();
    let texts: Vec<_> = page.lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts[..4], ["a", "b", "progress 1\rprogress 2", ""][..]);
    assert!(texts[4].len() <= 22 && texts[4].ends_with("[cut]"));
    assert_eq!(texts.len(), 5);
}

#[tokio::test]
async fn chunks_are_written_when_they_are_full_by_bytes_too() {
    let (_folder, store) = store();
    let limits = LogLimits {
        chunk_bytes: 1000,
        ..LogLimits::default()
    };
    let mut writer = open(&store, limits).await;
    writer.append(vec!["x".repeat(99); 95]).await.unwrap();
    assert_eq!(writer.stored_lines(), 90);
    writer.flush().await.unwrap();
    assert_eq!(store.list(&log(), None).await.unwrap().len(), 10);
}

#[tokio::test]
async fn two_writers_are_noticed() {
    let (_folder, store) = store();
    let mut one = open(&store, LogLimits::default()).await;
    let mut two = open(&store, LogLimits::default()).await;
    one.append(["a"]).await.unwrap();
    one.flush().await.unwrap();
    two.append(["b"]).await.unwrap();
    assert!(matches!(
        two.flush().await,
        Err(LogError::Blob(BlobError::Conflict { .. }))
    ));
    two.append(["c"]).await.unwrap();
    let page = LogReader::new(store, log()).read(1, 10).await.unwrap();
    assert_eq!(page.lines.len(), 1);
}

/// A store whose writes fail on demand, after they have arrived.
struct Unreliable {
    inner: Arc<dyn BlobStore>,
    failing: AtomicBool,
}

#[async_trait]
impl BlobStore for Unreliable {
    async fn put_once(&self, key: &BlobKey, content: Bytes) -> Result<BlobRef, BlobError> {
        let stored = self.inner.put_once(key, content).await?;
        if self.failing.load(Ordering::SeqCst) {
            return Err(BlobError::Store("connection lost".into()));
        }
        Ok(stored)
    }
    async fn put_file(&self, key: &BlobKey, path: &Path) -> Result<BlobRef, BlobError> {
        self.inner.put_file(key, path).await
    }
    async fn get(&self, key: &BlobKey, max: u64) -> Result<Bytes, BlobError> {
        self.inner.get(key, max).await
    }
    async fn get_range(&self, key: &BlobKey, range: Range<u64>) -> Result<Bytes, BlobError> {
        self.inner.get_range(key, range).await
    }
    async fn stream(&self, key: &BlobKey) -> Result<(u64, BlobStream), BlobError> {
        self.inner.stream(key).await
    }
    async fn exists(&self, key: &BlobKey) -> Result<bool, BlobError> {
        self.inner.exists(key).await
    }
    async fn list(
        &self,
        prefix: &BlobKey,
        after: Option<&BlobKey>,
    ) -> Result<Vec<BlobEntry>, BlobError> {
        self.inner.list(prefix, after).await
    }
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_repeated_without_a_double_line() {
    let (_folder, inner) = store();
    let unreliable = Arc::new(Unreliable {
        inner: inner.clone(),
        failing: AtomicBool::new(true),
    });
    let limits = LogLimits {
        chunk_lines: 2,
        ..LogLimits::default()
    };
    let mut writer = LogWriter::open(unreliable.clone(), log(), limits)
        .await
        .unwrap();
    assert!(writer.append(numbered(1..6)).await.is_err());
    assert!(writer.flush().await.is_err());
    assert_eq!(writer.line_count(), 5);
    unreliable.failing.store(false, Ordering::SeqCst);
    writer.flush().await.unwrap();
    let page = LogReader::new(inner, log()).read(1, 100).await.unwrap();
    let texts: Vec<String> = page.lines.into_iter().map(|line| line.text).collect();
    assert_eq!(texts, numbered(1..6));
}

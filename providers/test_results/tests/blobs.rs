//! The blob store on a real disk.
#![allow(clippy::unwrap_used, clippy::panic)]

use bytes::Bytes;
use futures::{StreamExt, future::join_all};
use sluice_test_results::blob::{BlobError, BlobKey, BlobStore, ObjectBlobStore, sha256};

fn key(text: &str) -> BlobKey {
    BlobKey::new(text).unwrap()
}

fn store() -> (tempfile::TempDir, ObjectBlobStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectBlobStore::local(folder.path()).unwrap();
    (folder, store)
}

#[tokio::test]
async fn the_same_content_again_is_fine_and_other_content_is_a_conflict() {
    let (_folder, store) = store();
    let first = store
        .put_once(&key("a/b.txt"), Bytes::from_static(b"one"))
        .await
        .unwrap();
    assert_eq!(first.sha256, sha256(b"one"));
    assert_eq!(first.size, 3);
    let again = store
        .put_once(&key("a/b.txt"), Bytes::from_static(b"one"))
        .await
        .unwrap();
    assert_eq!(first, again);
    for other in [&b"two"[..], b"longer", b""] {
        let other = store
            .put_once(&key("a/b.txt"), Bytes::from_static(other))
            .await;
        assert!(matches!(other, Err(BlobError::Conflict { .. })));
    }
    assert_eq!(store.get(&key("a/b.txt"), 10).await.unwrap(), "one");
}

#[tokio::test]
async fn of_many_writers_of_one_key_one_content_wins() {
    let (_folder, store) = store();
    let name = key("race");
    let writes = (0..20u8).map(|n| store.put_once(&name, Bytes::from(vec![n; 64])));
    let results = join_all(writes).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
}

#[tokio::test]
async fn files_larger_than_a_part_are_stored_whole_with_their_digest() {
    let (folder, store) = store();
    let content: Vec<u8> = (0..20_000_003u32).map(|n| (n % 251) as u8).collect();
    for (name, content) in [
        ("big", &content[..]),
        ("empty", &[]),
        ("part", &content[..8 << 20]),
    ] {
        let path = folder.path().join("upload.bin");
        std::fs::write(&path, content).unwrap();
        let stored = store.put_file(&key(name), &path).await.unwrap();
        assert_eq!(
            (stored.size, stored.sha256),
            (content.len() as u64, sha256(content)),
            "{name}"
        );
        store.put_file(&key(name), &path).await.unwrap();
        let (size, mut stream) = store.stream(&key(name)).await.unwrap();
        let mut read = Vec::new();
        while let Some(part) = stream.next().await {
            read.extend_from_slice(&part.unwrap());
        }
        assert_eq!(size, content.len() as u64);
        assert!(read == content, "{name}");
    }
    let path = folder.path().join("upload.bin");
    std::fs::write(&path, b"other").unwrap();
    let other = store.put_file(&key("big"), &path).await;
    assert!(matches!(other, Err(BlobError::Conflict { .. })));
}

#[tokio::test]
async fn a_missing_file_is_named() {
    let (folder, store) = store();
    let missing = store
        .put_file(&key("x"), &folder.path().join("nothing-here"))
        .await;
    assert!(matches!(missing, Err(BlobError::File { path, .. }) if path.ends_with("nothing-here")));
    assert!(!store.exists(&key("x")).await.unwrap());
}

#[tokio::test]
async fn reads_keep_to_the_callers_limit_and_range() {
    let (_folder, store) = store();
    let name = key("digits");
    store
        .put_once(&name, Bytes::from_static(b"0123456789"))
        .await
        .unwrap();
    let over = store.get(&name, 9).await;
    assert!(matches!(
        over,
        Err(BlobError::TooLarge {
            size: 10,
            max: 9,
            ..
        })
    ));
    assert_eq!(store.get_range(&name, 2..5).await.unwrap(), "234");
    assert_eq!(store.get_range(&name, 8..100).await.unwrap(), "89");
    for (start, end) in [(10, 11), (5, 5), (6, 5)] {
        let result = store.get_range(&name, start..end).await;
        assert!(
            matches!(result, Err(BlobError::InvalidRange { .. })),
            "{start}..{end}"
        );
    }
    let missing = store.get(&key("none"), 1).await;
    assert!(matches!(missing, Err(BlobError::NotFound { .. })));
}

#[tokio::test]
async fn listings_are_sorted_keep_to_the_prefix_and_go_on_after_a_key() {
    let (_folder, store) = store();
    for name in ["run/b", "run/a", "run/sub/c", "runner/x", "run2"] {
        store
            .put_once(&key(name), Bytes::from_static(b"1"))
            .await
            .unwrap();
    }
    let names = |entries: Vec<sluice_test_results::blob::BlobEntry>| -> Vec<String> {
        entries
            .into_iter()
            .map(|entry| entry.key.to_string())
            .collect()
    };
    assert_eq!(
        names(store.list(&key("run"), None).await.unwrap()),
        ["run/a", "run/b", "run/sub/c"]
    );
    let after = store.list(&key("run"), Some(&key("run/a"))).await.unwrap();
    assert_eq!(names(after), ["run/b", "run/sub/c"]);
    assert!(store.list(&key("none"), None).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_a_crash_left_half_uploaded_is_swept_on_opening() {
    let folder = tempfile::tempdir().unwrap();
    let staging = folder.path().join(".staging");
    std::fs::create_dir_all(&staging).unwrap();
    std::fs::write(staging.join("half"), b"x").unwrap();
    ObjectBlobStore::local(folder.path()).unwrap();
    assert!(!staging.exists());
}

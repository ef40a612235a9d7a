//! Pushing packages.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use base64::Engine;
use futures::future::join_all;
use sluice_package_feed::{PackageFeed, PackageFeedError};
use sluice_schema::{ErrorCode, Fault};

use crate::fixture::{feed, local, package};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_version_is_laid_out_as_nuget_lays_it_out() {
    let root = tempfile::tempdir().unwrap();
    let packed = package("Acme.Web", "1.0-RC", "x");
    let pushed = local(root.path())
        .await
        .push(&feed(), packed.bytes.clone())
        .await
        .unwrap();
    assert!(!pushed.replayed);
    assert_eq!(
        (&pushed.digest, &pushed.sha512, pushed.size),
        (&packed.digest, &packed.sha512, packed.size)
    );
    let folder = root.path().join("acme/shop/acme.web/1.0.0-rc");
    assert_eq!(
        names(&folder),
        [
            ".nupkg.metadata",
            "acme.web.1.0.0-rc.nupkg",
            "acme.web.1.0.0-rc.nupkg.sha512",
            "acme.web.nuspec",
        ]
    );
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    assert_eq!(read("acme.web.1.0.0-rc.nupkg"), packed.bytes);
    let sha512 = String::from_utf8(read("acme.web.1.0.0-rc.nupkg.sha512")).unwrap();
    assert_eq!(sha512, packed.sha512);
    let decoded = base64::engine::general_purpose::STANDARD
        .decode(&sha512)
        .unwrap();
    assert_eq!(decoded.len(), 64);
    let marker: serde_json::Value = serde_json::from_slice(&read(".nupkg.metadata")).unwrap();
    assert_eq!(marker["contentHash"], sha512);
    assert!(names(&root.path().join(".staging")).is_empty());
}

#[tokio::test]
async fn the_same_version_is_replayed_and_another_content_is_a_conflict() {
    let root = tempfile::tempdir().unwrap();
    let feed_host = local(root.path()).await;
    let first = package("Acme.Web", "1.0", "x");
    assert!(
        !feed_host
            .push(&feed(), first.bytes.clone())
            .await
            .unwrap()
            .replayed
    );
    assert!(
        feed_host
            .push(&feed(), first.bytes.clone())
            .await
            .unwrap()
            .replayed
    );
    // Also for a process that knows nothing of the first.
    assert!(
        local(root.path())
            .await
            .push(&feed(), first.bytes.clone())
            .await
            .unwrap()
            .replayed
    );
    // `ACME.WEB 1.0.0.0+x` is the same version under another name.
    let other = package("ACME.WEB", "1.0.0.0+x", "x");
    let error = feed_host.push(&feed(), other.bytes).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict);
    assert!(matches!(error, PackageFeedError::Conflict { sha512, .. } if sha512 == first.sha512));
    // Another project has a feed of its own.
    let mut elsewhere = feed();
    elsewhere.project = "other".parse().unwrap();
    let other = package("Acme.Web", "1.0", "y");
    assert!(
        !feed_host
            .push(&elsewhere, other.bytes)
            .await
            .unwrap()
            .replayed
    );
    assert!(names(&root.path().join(".staging")).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_pushes_at_once_one_publishes() {
    let root = tempfile::tempdir().unwrap();
    let packed = package("a", "1.0", "x");
    let pushes = (0..20).map(|_| {
        let (path, bytes) = (root.path().to_owned(), packed.bytes.clone());
        // An own handle each, as twenty processes would have.
        tokio::spawn(async move {
            local(&path)
                .await
                .push(&feed(), bytes)
                .await
                .unwrap()
                .replayed
        })
    });
    let replayed: Vec<bool> = join_all(pushes)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(replayed.iter().filter(|replayed| !**replayed).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_different_contents_one_wins_and_the_others_conflict() {
    let root = tempfile::tempdir().unwrap();
    let pushes = (0..20).map(|n| {
        let path = root.path().to_owned();
        let bytes = package("a", "1.0", &format!("{n}")).bytes;
        tokio::spawn(async move {
            local(&path)
                .await
                .push(&feed(), bytes)
                .await
                .map_err(|e| e.code())
        })
    });
    let results: Vec<_> = join_all(pushes)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1);
    assert_eq!(
        results
            .iter()
            .filter(|r| matches!(r, Err(ErrorCode::Conflict)))
            .count(),
        19
    );
}

#[tokio::test]
async fn a_publication_that_was_broken_off_leaves_no_trace() {
    let root = tempfile::tempdir().unwrap();
    let feed_host = local(root.path()).await;
    // What a process leaves that dies before the rename, and one that dies after making folders.
    let half = root.path().join(".staging/half");
    fs::create_dir_all(&half).unwrap();
    fs::write(half.join("a.1.0.0.nupkg"), "half").unwrap();
    fs::create_dir_all(root.path().join("acme/shop/a")).unwrap();
    let id = "a".parse().unwrap();
    assert!(feed_host.versions(&feed(), &id).await.unwrap().is_empty());
    let packed = package("a", "1.0", "x");
    assert!(
        !feed_host
            .push(&feed(), packed.bytes)
            .await
            .unwrap()
            .replayed
    );
    // Long after, the next start tidies up.
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(7_200);
    fs::File::open(&half).unwrap().set_modified(old).unwrap();
    local(root.path()).await;
    assert!(!half.exists());
}

#[tokio::test]
async fn a_feed_never_leads_out_of_its_root() {
    let root = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let feed_host = local(root.path()).await;
    fs::create_dir_all(root.path().join("acme")).unwrap();
    symlink(outside.path(), root.path().join("acme/shop")).unwrap();
    let packed = package("a", "1.0", "x");
    let error = feed_host.push(&feed(), packed.bytes).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Internal);
    let shown = error.to_string();
    assert!(!shown.contains(root.path().to_str().unwrap()), "{shown}");
    assert!(names(outside.path()).is_empty());
    assert!(
        feed_host
            .versions(&feed(), &"a".parse().unwrap())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_refused_package_is_not_published() {
    let root = tempfile::tempdir().unwrap();
    let error = local(root.path())
        .await
        .push(&feed(), "no package".into())
        .await
        .unwrap_err();
    assert_eq!(
        (error.code(), error.field().as_deref()),
        (ErrorCode::InvalidInput, Some("package"))
    );
    assert_eq!(names(root.path()), [".staging"]);
}

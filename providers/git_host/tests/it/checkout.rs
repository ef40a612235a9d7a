use std::fs;
use std::os::unix::fs::PermissionsExt;

use sluice_git_host::{GitHost, GitHostError, Oid};

use crate::bench::{Bench, executable, git, put, try_git};

#[tokio::test]
async fn a_checkout_has_the_files_and_a_git_folder_that_works() {
    let bench = Bench::new().await;
    let files = [
        put("a b/é", "text\r\n"),
        put("bin", [0u8, 255]),
        put("run.sh", "#!/bin/sh\n"),
    ];
    let one = bench.commit(bench.first, 1, &files).await;
    let two = bench.commit(one, 2, &[executable("run.sh", true)]).await;
    let dir = bench.root.path().join("work/nested");
    bench.host.checkout(&bench.repo, &two, &dir).await.unwrap();
    assert_eq!(fs::read(dir.join("a b/é")).unwrap(), b"text\r\n");
    assert_eq!(fs::read(dir.join("bin")).unwrap(), [0, 255]);
    assert_ne!(
        fs::metadata(dir.join("run.sh"))
            .unwrap()
            .permissions()
            .mode()
            & 0o100,
        0
    );
    assert_eq!(git(&dir, &["rev-parse", "HEAD"]), two.to_string());
    assert_eq!(git(&dir, &["status", "--porcelain"]), "");
    assert_eq!(git(&dir, &["rev-list", "--count", "HEAD"]), "3");
    assert!(
        !try_git(&dir, &["symbolic-ref", "HEAD"]).status.success(),
        "detached"
    );
    assert_eq!(git(&dir, &["remote"]), "");
    let moved = bench.root.path().join("moved");
    fs::rename(&dir, &moved).unwrap();
    assert_eq!(git(&moved, &["status", "--porcelain"]), "");
}

#[tokio::test]
async fn a_checkout_leaves_a_folder_that_is_in_use_alone() {
    let bench = Bench::new().await;
    let dir = bench.root.path().join("work");
    fs::create_dir(&dir).unwrap();
    bench
        .host
        .checkout(&bench.repo, &bench.first, &dir)
        .await
        .unwrap();
    let refused = bench.host.checkout(&bench.repo, &bench.first, &dir).await;
    assert!(
        matches!(refused, Err(GitHostError::NotEmpty)),
        "{refused:?}"
    );
    let absent: Oid = "1".repeat(40).parse().unwrap();
    let other = bench.root.path().join("other");
    let refused = bench.host.checkout(&bench.repo, &absent, &other).await;
    assert!(
        matches!(refused, Err(GitHostError::NotFound { .. })),
        "{refused:?}"
    );
    assert!(!other.exists());
}

#[tokio::test]
async fn a_checkout_that_fails_leaves_the_folder_empty() {
    let bench = Bench::new().await;
    let commit = bench
        .commit(bench.first, 1, &[put("a", "a"), put("b", "b")])
        .await;
    let blob = bench.git(&["rev-parse", &format!("{commit}:b")]);
    let object = bench
        .git_dir()
        .join("objects")
        .join(&blob[..2])
        .join(&blob[2..]);
    fs::remove_file(object).unwrap();
    let dir = bench.root.path().join("work");
    let failed = bench.host.checkout(&bench.repo, &commit, &dir).await;
    assert!(
        matches!(failed, Err(GitHostError::Command { .. })),
        "{failed:?}"
    );
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
}

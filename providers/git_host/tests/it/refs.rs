use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use sluice_git_host::{GitHost, GitHostError, Limits, Oid, RefChange};

use crate::bench::{Bench, branch, put, try_git};

fn change(expected: Option<Oid>, new: Option<Oid>) -> RefChange {
    RefChange { expected, new }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn of_many_concurrent_updates_from_one_head_one_wins() {
    let bench = Bench::new().await;
    let mut head = bench.first;
    for round in 0..5 {
        let mut candidates = Vec::new();
        for n in 0..24 {
            candidates.push(bench.commit(head, round * 100 + n, &[]).await);
        }
        let calls: Vec<_> = candidates
            .into_iter()
            .map(|new| {
                let (host, repo) = (bench.host.clone(), bench.repo.clone());
                let change = change(Some(head), Some(new));
                tokio::spawn(
                    async move { (new, host.update_ref(&repo, &branch("main"), change).await) },
                )
            })
            .collect();
        let mut won = Vec::new();
        let mut seen = Vec::new();
        for call in calls {
            match call.await.unwrap() {
                (new, Ok(())) => won.push(new),
                (_, Err(GitHostError::RefMoved { actual, .. })) => seen.push(actual),
                (_, Err(other)) => panic!("{other:?}"),
            }
        }
        assert_eq!(won.len(), 1);
        assert!(
            seen.iter().all(|actual| *actual == Some(won[0])),
            "losers see the winner"
        );
        head = won[0];
        assert_eq!(bench.git(&["rev-parse", "main"]), head.to_string());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn git_itself_and_the_provider_never_both_win() {
    let bench = Bench::new().await;
    let mut head = bench.first;
    for round in 0..15 {
        let ours = bench.commit(head, round * 10 + 1, &[]).await;
        let theirs = bench.commit(head, round * 10 + 2, &[]).await;
        let (dir, from) = (bench.git_dir(), head);
        let git = tokio::task::spawn_blocking(move || {
            let (new, old) = (theirs.to_string(), from.to_string());
            try_git(&dir, &["update-ref", "refs/heads/main", &new, &old])
                .status
                .success()
        });
        let wanted = change(Some(head), Some(ours));
        let won = match bench
            .host
            .update_ref(&bench.repo, &branch("main"), wanted)
            .await
        {
            Ok(()) => true,
            Err(GitHostError::RefMoved { actual, .. }) => {
                assert_eq!(actual, Some(theirs));
                false
            }
            Err(other) => panic!("{other:?}"),
        };
        assert_ne!(git.await.unwrap(), won);
        head = if won { ours } else { theirs };
        assert_eq!(bench.git(&["rev-parse", "main"]), head.to_string());
    }
}

#[tokio::test]
async fn branches_are_created_moved_and_deleted_only_from_the_expected_head() {
    let bench = Bench::new().await;
    let (host, repo, first) = (&bench.host, &bench.repo, bench.first);
    let next = bench.commit(first, 1, &[put("a", "a")]).await;
    let name = branch("feature/ü/x");
    host.update_ref(repo, &name, change(None, Some(first)))
        .await
        .unwrap();
    let twice = host.update_ref(repo, &name, change(None, Some(next))).await;
    assert!(matches!(twice, Err(GitHostError::RefMoved { actual, .. }) if actual == Some(first)));
    host.update_ref(repo, &name, change(Some(first), Some(next)))
        .await
        .unwrap();
    assert_eq!(host.head(repo, &name).await.unwrap(), Some(next));
    let stale = host
        .update_ref(repo, &name, change(Some(first), None))
        .await;
    assert!(matches!(stale, Err(GitHostError::RefMoved { actual, .. }) if actual == Some(next)));
    let listed = host.branches(repo).await.unwrap();
    assert_eq!(listed, [(name.clone(), next), (branch("main"), first)]);
    host.update_ref(repo, &name, change(Some(next), None))
        .await
        .unwrap();
    assert_eq!(host.head(repo, &name).await.unwrap(), None);
    let gone = host
        .update_ref(repo, &name, change(Some(next), Some(first)))
        .await;
    assert!(matches!(
        gone,
        Err(GitHostError::RefMoved { actual: None, .. })
    ));
    host.update_ref(repo, &name, change(None, None))
        .await
        .unwrap();
    bench.assert_sound();
}

#[tokio::test]
async fn a_branch_points_only_at_commits_that_exist() {
    let bench = Bench::new().await;
    let tree: Oid = "4b825dc642cb6eb9a060e54bf8d69288fbee4904".parse().unwrap();
    let absent: Oid = "1".repeat(40).parse().unwrap();
    for id in [tree, absent] {
        let refused = bench
            .host
            .update_ref(&bench.repo, &branch("x"), change(None, Some(id)))
            .await;
        assert!(
            matches!(refused, Err(GitHostError::NotFound { .. })),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_branch_cannot_stand_inside_another_but_may_follow_it() {
    let bench = Bench::new().await;
    let (host, repo, first) = (&bench.host, &bench.repo, bench.first);
    bench.set_branch("a/b", first).await;
    for name in ["a", "a/b/c"] {
        let refused = host
            .update_ref(repo, &branch(name), change(None, Some(first)))
            .await;
        let Err(GitHostError::RefClash { existing, .. }) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(existing, "a/b");
    }
    host.update_ref(repo, &branch("a/b"), change(Some(first), None))
        .await
        .unwrap();
    host.update_ref(repo, &branch("a"), change(None, Some(first)))
        .await
        .unwrap();
    assert_eq!(host.head(repo, &branch("a")).await.unwrap(), Some(first));
}

#[tokio::test]
async fn packed_branches_behave_like_loose_ones() {
    let bench = Bench::new().await;
    let (host, repo, first) = (&bench.host, &bench.repo, bench.first);
    bench.set_branch("old", first).await;
    bench.git(&["pack-refs", "--all"]);
    let next = bench.commit(first, 1, &[]).await;
    let name = branch("old");
    let refused = host.update_ref(repo, &name, change(None, Some(next))).await;
    assert!(
        matches!(refused, Err(GitHostError::RefMoved { .. })),
        "{refused:?}"
    );
    host.update_ref(repo, &name, change(Some(first), Some(next)))
        .await
        .unwrap();
    host.update_ref(repo, &name, change(Some(next), None))
        .await
        .unwrap();
    assert_eq!(host.head(repo, &name).await.unwrap(), None);
    assert_eq!(bench.git(&["branch", "--list", "old"]), "");
}

#[tokio::test]
async fn a_lock_that_a_killed_process_left_is_cleared_and_a_live_one_is_respected() {
    let lock_timeout = Duration::from_millis(150);
    let bench = Bench::with(Limits {
        lock_timeout,
        ..Limits::default()
    })
    .await;
    let next = bench.commit(bench.first, 1, &[]).await;
    let path = bench.git_dir().join("refs/heads/main.lock");
    let lock = File::create(&path).unwrap();
    let wanted = change(Some(bench.first), Some(next));
    let busy = bench
        .host
        .update_ref(&bench.repo, &branch("main"), wanted)
        .await;
    assert!(matches!(busy, Err(GitHostError::Busy)), "{busy:?}");
    lock.set_modified(SystemTime::now() - Duration::from_secs(60))
        .unwrap();
    bench
        .host
        .update_ref(&bench.repo, &branch("main"), wanted)
        .await
        .unwrap();
    assert!(!fs::exists(path).unwrap());
    assert_eq!(bench.git(&["rev-parse", "main"]), next.to_string());
}

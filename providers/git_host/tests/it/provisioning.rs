use sluice_git_host::{GitHost, GitHostError, RepoPath};

use crate::bench::{Bench, branch, git, signature};

#[tokio::test]
async fn a_provisioned_repository_is_sound_and_has_its_default_branch() {
    let bench = Bench::new().await;
    bench.assert_sound();
    assert_eq!(bench.git(&["rev-parse", "main"]), bench.first.to_string());
    assert_eq!(bench.git(&["symbolic-ref", "HEAD"]), "refs/heads/main");
    assert_eq!(bench.git(&["ls-tree", "-r", "main"]), "");
    assert!(bench.host.exists(&bench.repo).await.unwrap());
    let other = RepoPath::new("tenant", "project", "other").unwrap();
    assert!(!bench.host.exists(&other).await.unwrap());
    let missing = bench.host.branches(&other).await;
    assert!(
        matches!(missing, Err(GitHostError::NotFound { .. })),
        "{missing:?}"
    );
}

#[tokio::test]
async fn provisioning_again_returns_the_repository_as_it_is() {
    let bench = Bench::new().await;
    let next = bench
        .commit(bench.first, 1, &[crate::bench::put("a", "a")])
        .await;
    bench.set_branch("main", next).await;
    let again = bench
        .host
        .provision(&bench.repo, &branch("main"), &signature(5))
        .await
        .unwrap();
    assert_eq!((again.created, again.head), (false, next));
    let differs = bench
        .host
        .provision(&bench.repo, &branch("trunk"), &signature(0))
        .await;
    let Err(GitHostError::ProvisionedDifferently { default_branch }) = differs else {
        panic!("{differs:?}")
    };
    assert_eq!(default_branch, "main");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_provision_at_once_one_creates() {
    let bench = Bench::new().await;
    let repo = RepoPath::new("tenant", "fresh", "app").unwrap();
    let calls = (0..16).map(|_| {
        let (host, repo) = (bench.host.clone(), repo.clone());
        tokio::spawn(async move { host.provision(&repo, &branch("main"), &signature(0)).await })
    });
    let mut created = 0;
    for call in calls.collect::<Vec<_>>() {
        let made = call.await.unwrap().unwrap();
        // The first commit follows from the signature alone.
        assert_eq!(made.head, bench.first);
        created += u32::from(made.created);
    }
    assert_eq!(created, 1);
    git(&bench.host.git_dir(&repo), &["fsck", "--strict"]);
    let beside: Vec<_> = std::fs::read_dir(bench.host.git_dir(&repo).parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(beside, ["app.git"]);
}

#[tokio::test]
async fn a_signature_that_breaks_a_rule_makes_nothing() {
    let bench = Bench::new().await;
    let repo = RepoPath::new("tenant", "project", "never").unwrap();
    for (name, email, field) in [
        ("", "a@b", "author.name"),
        ("A", "a>b", "author.email"),
        ("A\nB", "a@b", "author.name"),
    ] {
        let mut by = signature(0);
        (by.name, by.email) = (name.to_owned(), email.to_owned());
        let refused = bench.host.provision(&repo, &branch("main"), &by).await;
        let Err(GitHostError::InvalidCommit { field: named, .. }) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(named, field);
    }
    assert!(!bench.host.exists(&repo).await.unwrap());
}

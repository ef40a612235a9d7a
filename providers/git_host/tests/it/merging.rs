use sluice_git_host::{
    FileChange, GitHost, GitHostError, MergeOutcome, MergeStrategy, Mergeability, Oid,
};

use crate::bench::{Bench, lines, merge_spec, put, try_git};
use crate::merge_cases::{all_cases, binary, edited, text};

/// What `git merge-tree` makes of it: the tree, or the paths in conflict.
fn by_git(bench: &Bench, target: Oid, source: Oid) -> Result<String, Vec<String>> {
    let (target, source) = (target.to_string(), source.to_string());
    let args = [
        "merge-tree",
        "--write-tree",
        "--name-only",
        "--no-messages",
        "-z",
        &target,
        &source,
    ];
    let output = try_git(&bench.git_dir(), &args);
    let text = String::from_utf8(output.stdout).unwrap();
    let mut parts = text
        .split('\0')
        .filter(|part| !part.is_empty())
        .map(str::to_owned);
    let tree = parts.next().unwrap();
    match output.status.code() {
        Some(0) => Ok(tree),
        // Git names a file that had to make way for a folder `file~commit`; we keep its name.
        Some(1) => Err(parts
            .map(|path| path.split('~').next().unwrap().to_owned())
            .collect()),
        code => panic!("{code:?}: {}", String::from_utf8_lossy(&output.stderr)),
    }
}

async fn by_us(bench: &Bench, target: Oid, source: Oid) -> Result<String, Vec<String>> {
    let told = bench
        .host
        .mergeable(&bench.repo, &target, &source)
        .await
        .unwrap();
    let spec = merge_spec(target, source, MergeStrategy::Merge);
    match bench.host.merge(&bench.repo, &spec).await.unwrap() {
        MergeOutcome::Merged { tree, .. } => {
            assert_eq!(told, Mergeability::Clean);
            Ok(tree.to_string())
        }
        MergeOutcome::Conflicts { paths } => {
            assert_eq!(
                told,
                Mergeability::Conflicts {
                    paths: paths.clone()
                }
            );
            Err(paths)
        }
        MergeOutcome::UpToDate => panic!("nothing to merge"),
    }
}

#[tokio::test]
async fn merges_come_out_as_git_makes_them() {
    let bench = Bench::new().await;
    let base = [
        put("t", text()),
        put("d/t", lines(100..140)),
        put("d/s", lines(200..240)),
        put("small", "small\n"),
        put("bin", binary(3)),
        put("ünï", "0\n"),
        FileChange::Create {
            path: "run".into(),
            content: "#!\n".into(),
            executable: true,
        },
    ];
    let base = bench.commit(bench.first, 1, &base).await;
    let mut wrong = Vec::new();
    for (n, case) in all_cases().enumerate() {
        let at = 10 * (n as i64 + 1);
        let ours = bench.commit(base, at, &case.ours).await;
        let theirs = bench.commit(base, at + 1, &case.theirs).await;
        for (target, source) in [(ours, theirs), (theirs, ours)] {
            let (expected, got) = (
                by_git(&bench, target, source),
                by_us(&bench, target, source).await,
            );
            if expected != got || got.is_ok() != case.clean {
                wrong.push(format!("{}: git {expected:?}, we {got:?}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    bench.git(&["fsck", "--strict", "--no-dangling"]);
}

/// Two branches that merged each other, so that there are two merge bases.
async fn criss_cross(bench: &Bench, left: &str, right: &str) -> (Oid, Oid) {
    let base = bench
        .commit(bench.first, 1, &[put("t", text()), put("u", text())])
        .await;
    let a = bench
        .commit(base, 2, &[put("t", edited("line 2", left))])
        .await;
    let b = bench
        .commit(
            base,
            3,
            &[
                put("t", edited("line 30", "B")),
                put("u", edited("line 5", right)),
            ],
        )
        .await;
    let merge = async |target, source| {
        let spec = merge_spec(target, source, MergeStrategy::Merge);
        match bench.host.merge(&bench.repo, &spec).await.unwrap() {
            MergeOutcome::Merged { commit, .. } => commit,
            other => panic!("{other:?}"),
        }
    };
    (merge(a, b).await, merge(b, a).await)
}

#[tokio::test]
async fn criss_cross_merges_come_out_as_git_makes_them() {
    let bench = Bench::new().await;
    let (one, two) = criss_cross(&bench, "A", "B").await;
    let change = |line, to| {
        put(
            "t",
            edited("line 2", "A")
                .replace("line 30\n", "B\n")
                .replace(line, to),
        )
    };
    let clean = (
        bench.commit(one, 20, &[change("line 12\n", "L\n")]).await,
        bench.commit(two, 21, &[change("line 22\n", "R\n")]).await,
    );
    let clash = (
        bench.commit(one, 22, &[change("line 12\n", "L\n")]).await,
        bench.commit(two, 23, &[change("line 12\n", "R\n")]).await,
    );
    for (target, source) in [clean, clash] {
        assert_eq!(
            bench
                .git(&[
                    "merge-base",
                    "--all",
                    &target.to_string(),
                    &source.to_string()
                ])
                .lines()
                .count(),
            2
        );
        assert_eq!(
            by_us(&bench, target, source).await,
            by_git(&bench, target, source)
        );
    }
    assert!(by_us(&bench, clean.0, clean.1).await.is_ok());
    assert_eq!(
        by_us(&bench, clash.0, clash.1).await,
        Err(vec!["t".to_owned()])
    );
}

#[tokio::test]
async fn a_merge_commit_has_both_parents_even_when_it_could_fast_forward() {
    let bench = Bench::new().await;
    let source = bench.commit(bench.first, 1, &[put("a", "a")]).await;
    let spec = merge_spec(bench.first, source, MergeStrategy::Merge);
    let outcome = bench.host.merge(&bench.repo, &spec).await.unwrap();
    assert_eq!(
        outcome,
        bench.host.merge(&bench.repo, &spec).await.unwrap(),
        "deterministic"
    );
    let MergeOutcome::Merged {
        commit,
        tree,
        created,
    } = outcome
    else {
        panic!("{outcome:?}")
    };
    assert_eq!(created, [commit]);
    let info = bench
        .host
        .commit(&bench.repo, &commit)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((info.parents, info.tree), (vec![bench.first, source], tree));
    assert_eq!(
        (info.author, info.committer),
        (spec.signature.clone(), spec.signature.clone())
    );
    assert_eq!(info.trailers, spec.trailers);
    assert_eq!(
        bench.git(&["rev-parse", "main"]),
        bench.first.to_string(),
        "no branch moved"
    );
    let again = merge_spec(commit, source, MergeStrategy::Merge);
    assert_eq!(
        bench.host.merge(&bench.repo, &again).await.unwrap(),
        MergeOutcome::UpToDate
    );
    let told = bench
        .host
        .mergeable(&bench.repo, &commit, &source)
        .await
        .unwrap();
    assert_eq!(told, Mergeability::UpToDate);
    bench.set_branch("main", commit).await;
    bench.assert_sound();
}

#[tokio::test]
async fn a_squash_has_the_merged_tree_and_one_parent() {
    let bench = Bench::new().await;
    let base = bench.commit(bench.first, 1, &[put("t", text())]).await;
    let target = bench
        .commit(base, 2, &[put("t", edited("line 2", "A"))])
        .await;
    let one = bench
        .commit(base, 3, &[put("t", edited("line 30", "B"))])
        .await;
    let source = bench.commit(one, 4, &[put("n", "n")]).await;
    let spec = merge_spec(target, source, MergeStrategy::Squash);
    let outcome = bench.host.merge(&bench.repo, &spec).await.unwrap();
    let MergeOutcome::Merged { commit, tree, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(Ok(tree.to_string()), by_git(&bench, target, source));
    let info = bench
        .host
        .commit(&bench.repo, &commit)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((info.parents, info.trailers), (vec![target], spec.trailers));
    let again = merge_spec(commit, source, MergeStrategy::Squash);
    assert_eq!(
        bench.host.merge(&bench.repo, &again).await.unwrap(),
        MergeOutcome::UpToDate
    );
}

#[tokio::test]
async fn unrelated_histories_are_refused() {
    let bench = Bench::new().await;
    let tree = bench
        .host
        .stage(&bench.repo, &bench.first, &[put("a", "a")])
        .await
        .unwrap()
        .tree;
    let island = bench.commit_tree(tree, vec![], 1).await;
    for strategy in [
        MergeStrategy::Merge,
        MergeStrategy::Squash,
        MergeStrategy::Rebase,
    ] {
        let spec = merge_spec(bench.first, island, strategy);
        let refused = bench.host.merge(&bench.repo, &spec).await;
        assert!(
            matches!(refused, Err(GitHostError::Unrelated { .. })),
            "{refused:?}"
        );
    }
    let refused = bench
        .host
        .mergeable(&bench.repo, &bench.first, &island)
        .await;
    assert!(
        matches!(refused, Err(GitHostError::Unrelated { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn attributes_of_the_target_steer_the_merge_wherever_head_points() {
    let bench = Bench::new().await;
    let rules = put(".gitattributes", "*.log merge=union\n*.lock -merge\n");
    let base = bench
        .commit(
            bench.first,
            1,
            &[rules, put("a.log", "0\n"), put("b.lock", text())],
        )
        .await;
    let target = bench
        .commit(
            base,
            2,
            &[put("a.log", "0\n1\n"), put("b.lock", edited("line 2", "A"))],
        )
        .await;
    let union = bench.commit(base, 3, &[put("a.log", "0\n2\n")]).await;
    let locked = bench
        .commit(base, 4, &[put("b.lock", edited("line 30", "B"))])
        .await;
    // HEAD is the empty first commit, without attributes.
    assert!(by_us(&bench, target, union).await.is_ok());
    assert_eq!(
        by_us(&bench, target, locked).await,
        Err(vec!["b.lock".to_owned()])
    );
}

#[tokio::test]
async fn asking_whether_it_merges_writes_nothing() {
    let bench = Bench::new().await;
    let base = bench.commit(bench.first, 1, &[put("t", text())]).await;
    let target = bench
        .commit(base, 2, &[put("t", edited("line 2", "A"))])
        .await;
    let source = bench
        .commit(base, 3, &[put("t", edited("line 30", "B"))])
        .await;
    let before = bench.git(&["count-objects"]);
    let told = bench
        .host
        .mergeable(&bench.repo, &target, &source)
        .await
        .unwrap();
    assert_eq!(
        (told, before),
        (Mergeability::Clean, bench.git(&["count-objects"]))
    );
}

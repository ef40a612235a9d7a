use sluice_git_host::{CommitSpec, GitHost, GitHostError, MergeOutcome, MergeStrategy, Oid};

use crate::bench::{Bench, commit_spec, executable, git, lines, merge_spec, put, rename};

async fn rebase(bench: &Bench, target: Oid, source: Oid) -> MergeOutcome {
    let spec = merge_spec(target, source, MergeStrategy::Rebase);
    bench.host.merge(&bench.repo, &spec).await.unwrap()
}

#[tokio::test]
async fn a_rebase_makes_each_commit_again_as_git_does() {
    let bench = Bench::new().await;
    let base = bench
        .commit(bench.first, 1, &[put("t", lines(0..40)), put("u", "u\n")])
        .await;
    let target = bench
        .commit(base, 2, &[put("t", "top\n".to_owned() + &lines(0..40))])
        .await;
    let one = bench
        .commit(base, 3, &[put("t", lines(0..40) + "end\n")])
        .await;
    let two = bench
        .host
        .stage(&bench.repo, &one, &[executable("u", true)])
        .await
        .unwrap()
        .tree;
    let spec = CommitSpec {
        message: "Second\n\nBody.".to_owned(),
        trailers: vec![("Artifact-Id".to_owned(), "a".to_owned())],
        ..commit_spec(two, vec![one], 4)
    };
    let two = bench.host.write_commit(&bench.repo, &spec).await.unwrap();
    let empty = bench.commit(two, 5, &[]).await;
    let source = bench.commit(empty, 6, &[rename("t", "moved")]).await;

    let outcome = rebase(&bench, target, source).await;
    assert_eq!(
        outcome,
        rebase(&bench, target, source).await,
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
    assert_eq!((created.len(), created[3]), (4, commit));
    let mut parent = target;
    for (id, old) in created.iter().zip([one, two, empty, source]) {
        let new = bench.host.commit(&bench.repo, id).await.unwrap().unwrap();
        let old = bench.host.commit(&bench.repo, &old).await.unwrap().unwrap();
        assert_eq!(new.parents, [parent]);
        assert_eq!(
            (&new.author, &new.message, &new.trailers),
            (&old.author, &old.message, &old.trailers)
        );
        assert_eq!(
            new.committer,
            merge_spec(target, source, MergeStrategy::Rebase).signature
        );
        parent = *id;
    }
    let work = bench.root.path().join("work");
    bench
        .host
        .checkout(&bench.repo, &source, &work)
        .await
        .unwrap();
    let named = [
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b",
        "rebase",
        "--quiet",
    ];
    git(&work, &[&named[..], &[&target.to_string()]].concat());
    assert_eq!(git(&work, &["rev-parse", "HEAD^{tree}"]), tree.to_string());
    bench.set_branch("main", commit).await;
    bench.assert_sound();
}

#[tokio::test]
async fn commits_whose_change_the_target_has_are_left_out() {
    let bench = Bench::new().await;
    let base = bench
        .commit(bench.first, 1, &[put("t", lines(0..40))])
        .await;
    let fix = put("t", lines(0..40).replace("line 3\n", "fixed\n"));
    let target = bench.commit(base, 2, std::slice::from_ref(&fix)).await;
    let same = bench.commit(base, 3, &[fix]).await;
    assert_eq!(rebase(&bench, target, same).await, MergeOutcome::UpToDate);
    let more = bench.commit(same, 4, &[put("n", "n")]).await;
    let outcome = rebase(&bench, target, more).await;
    assert!(
        matches!(&outcome, MergeOutcome::Merged { created, .. } if created.len() == 1),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn rebase_conflicts_name_the_paths_of_the_first_commit_that_has_them() {
    let bench = Bench::new().await;
    let base = bench
        .commit(bench.first, 1, &[put("a", "1\n"), put("b", "1\n")])
        .await;
    let target = bench
        .commit(base, 2, &[put("a", "2\n"), put("b", "2\n")])
        .await;
    let one = bench
        .commit(base, 3, &[put("a", "3\n"), put("c", "3\n")])
        .await;
    let source = bench.commit(one, 4, &[put("b", "3\n")]).await;
    let outcome = rebase(&bench, target, source).await;
    assert_eq!(
        outcome,
        MergeOutcome::Conflicts {
            paths: vec!["a".to_owned()]
        }
    );
}

#[tokio::test]
async fn a_source_with_merge_commits_cannot_be_rebased() {
    let bench = Bench::new().await;
    let base = bench.commit(bench.first, 1, &[put("a", "1\n")]).await;
    let target = bench.commit(base, 2, &[put("b", "1\n")]).await;
    let (left, right) = (
        bench.commit(base, 3, &[put("l", "1")]).await,
        bench.commit(base, 4, &[put("r", "1")]).await,
    );
    let tree = bench
        .host
        .stage(&bench.repo, &left, &[put("r", "1")])
        .await
        .unwrap()
        .tree;
    let merge = bench.commit_tree(tree, vec![left, right], 5).await;
    let source = bench.commit(merge, 6, &[put("s", "1")]).await;
    let spec = merge_spec(target, source, MergeStrategy::Rebase);
    let refused = bench.host.merge(&bench.repo, &spec).await;
    assert!(
        matches!(refused, Err(GitHostError::MergeCommitInSource { commit }) if commit == merge)
    );
}

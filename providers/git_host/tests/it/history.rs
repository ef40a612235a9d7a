use std::io::Write;
use std::process::{Command, Stdio};

use sluice_git_host::{CommitSpec, GitHost, GitHostError, Oid};

use crate::bench::{Bench, commit_spec, put, signature};

fn parsed_by_git(message: &str) -> String {
    let mut child = Command::new("git")
        .args(["interpret-trailers", "--parse"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(message.as_bytes())
        .unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[tokio::test]
async fn commits_read_back_and_git_reads_their_trailers() {
    let bench = Bench::new().await;
    let tree = bench
        .host
        .stage(&bench.repo, &bench.first, &[put("a", "1")])
        .await
        .unwrap()
        .tree;
    let mut author = signature(7);
    author.name = "  Grace Hopper é ".to_owned();
    let spec = CommitSpec {
        author,
        message: "Add a\n\nBecause: of\nreasons.\n\nReviewed-by: X <x@y>".to_owned(),
        trailers: vec![
            ("Artifact-Id".to_owned(), "art-1".to_owned()),
            ("Trace-Id".to_owned(), " 00-ab: c ".to_owned()),
        ],
        ..commit_spec(tree, vec![bench.first], 9)
    };
    let id = bench.host.write_commit(&bench.repo, &spec).await.unwrap();
    assert_eq!(
        bench.host.write_commit(&bench.repo, &spec).await.unwrap(),
        id,
        "deterministic"
    );
    let info = bench.host.commit(&bench.repo, &id).await.unwrap().unwrap();
    assert_eq!((info.tree, &info.parents[..]), (tree, &[bench.first][..]));
    assert_eq!(
        (info.author.name.as_str(), info.author.time),
        ("Grace Hopper é", signature(7).time)
    );
    assert_eq!(info.committer, signature(9));
    assert_eq!(
        (info.subject.as_str(), info.body.as_str()),
        ("Add a", "Because: of\nreasons.")
    );
    let trailers: Vec<_> = info
        .trailers
        .iter()
        .map(|(k, v)| format!("{k}: {v}\n"))
        .collect();
    assert_eq!(trailers.concat(), parsed_by_git(&info.message));
    assert_eq!(
        trailers,
        [
            "Reviewed-by: X <x@y>\n",
            "Artifact-Id: art-1\n",
            "Trace-Id: 00-ab: c\n"
        ]
    );
    bench.set_branch("main", id).await;
    bench.assert_sound();
}

#[tokio::test]
async fn commits_of_absent_trees_or_parents_are_refused() {
    let bench = Bench::new().await;
    let tree = bench
        .host
        .stage(&bench.repo, &bench.first, &[put("a", "1")])
        .await
        .unwrap()
        .tree;
    let absent: Oid = "1".repeat(40).parse().unwrap();
    for spec in [
        commit_spec(absent, vec![bench.first], 1),
        commit_spec(bench.first, vec![bench.first], 1),
        commit_spec(tree, vec![absent], 1),
        commit_spec(tree, vec![tree], 1),
    ] {
        let refused = bench.host.write_commit(&bench.repo, &spec).await;
        assert!(
            matches!(refused, Err(GitHostError::NotFound { .. })),
            "{refused:?}"
        );
    }
    assert_eq!(bench.host.commit(&bench.repo, &absent).await.unwrap(), None);
    assert_eq!(bench.host.commit(&bench.repo, &tree).await.unwrap(), None);
}

#[tokio::test]
async fn the_log_lists_what_one_commit_has_and_another_lacks() {
    let bench = Bench::new().await;
    let (host, repo) = (&bench.host, &bench.repo);
    let a = bench.commit(bench.first, 1, &[put("a", "1")]).await;
    let b = bench.commit(a, 2, &[put("b", "1")]).await;
    let side = bench.commit(a, 3, &[put("s", "1")]).await;
    let tree = host.commit(repo, &b).await.unwrap().unwrap().tree;
    let merge = bench.commit_tree(tree, vec![b, side], 4).await;
    let ids = async |from: &Oid, not: Option<&Oid>, limit| {
        let log = host.log(repo, from, not, limit).await.unwrap();
        log.into_iter().map(|info| info.id).collect::<Vec<_>>()
    };
    assert_eq!(
        ids(&merge, None, 10).await,
        [merge, side, b, a, bench.first]
    );
    assert_eq!(ids(&merge, None, 2).await, [merge, side]);
    assert_eq!(ids(&merge, Some(&b), 10).await, [merge, side]);
    assert_eq!(ids(&b, Some(&merge), 10).await, []);
    for (ancestor, descendant, is) in [
        (a, merge, true),
        (side, merge, true),
        (merge, merge, true),
        (side, b, false),
        (b, a, false),
    ] {
        assert_eq!(
            host.is_ancestor(repo, &ancestor, &descendant)
                .await
                .unwrap(),
            is
        );
    }
}

#[tokio::test]
async fn revisions_resolve_by_id_prefix_branch_and_head() {
    let bench = Bench::new().await;
    let next = bench.commit(bench.first, 1, &[put("a", "1")]).await;
    bench.set_branch("topic/x", next).await;
    let text = next.to_string();
    let resolve = async |rev: &str| bench.host.resolve(&bench.repo, rev).await;
    for rev in [
        &*text,
        &text[..7],
        &text[..12],
        "topic/x",
        "refs/heads/topic/x",
    ] {
        assert_eq!(resolve(rev).await.unwrap(), Some(next), "{rev}");
    }
    assert_eq!(resolve("HEAD").await.unwrap(), Some(bench.first));
    let tree = bench
        .host
        .commit(&bench.repo, &next)
        .await
        .unwrap()
        .unwrap()
        .tree
        .to_string();
    for rev in [&text[..6], "nope", &"1".repeat(40), &tree, &tree[..10]] {
        assert_eq!(resolve(rev).await.unwrap(), None, "{rev}");
    }
    for rev in ["", "a..b", "main~1", "@{1}", "--all"] {
        assert!(
            matches!(resolve(rev).await, Err(GitHostError::InvalidName { .. })),
            "{rev}"
        );
    }
}

//! Histories as they are told, and patch ids as the real `git` groups them.

use std::collections::{BTreeSet, HashMap};
use std::process::{Command, Stdio};

use sluice_git_host::{GitHost, History, HistoryRequest, LinePoint, Oid};

use crate::bench::{Bench, delete, executable, lines, put, rename, try_git};

fn request(head: Oid, not: &[Oid]) -> HistoryRequest {
    HistoryRequest {
        head,
        not: not.to_vec(),
        skip: 0,
        limit: 1_000,
        patch_ids: 1_000,
    }
}

async fn history(bench: &Bench, request: &HistoryRequest) -> History {
    bench.host.history(&bench.repo, request).await.unwrap()
}

fn steps(history: &History) -> Vec<(Oid, u64, bool)> {
    let commits = history.commits.iter();
    commits.map(|c| (c.id, c.step, c.on_line)).collect()
}

/// first - a - b - m - z on the first-parent line; x - y came with the merge m.
struct Line {
    bench: Bench,
    commits: [Oid; 6],
}

async fn line() -> Line {
    let bench = Bench::new().await;
    let a = bench.commit(bench.first, 1, &[put("a", "1")]).await;
    let x = bench.commit(a, 9, &[put("x", "1")]).await;
    let y = bench.commit(x, 2, &[put("y", "1")]).await;
    let b = bench.commit(a, 5, &[put("b", "1")]).await;
    let info = bench.host.commit(&bench.repo, &y).await.unwrap().unwrap();
    let m = bench.commit_tree(info.tree, vec![b, y], 6).await;
    let z = bench.commit(m, 7, &[put("z", "1")]).await;
    let commits = [a, x, y, b, m, z];
    Line { bench, commits }
}

#[tokio::test]
async fn each_commit_belongs_to_the_first_step_that_has_it_and_follows_its_parents() {
    let Line { bench, commits } = line().await;
    let [a, x, y, b, m, z] = commits;
    let told = history(&bench, &request(z, &[])).await;
    let expected = [
        (bench.first, 1, true),
        (a, 2, true),
        (b, 3, true),
        (x, 4, false),
        (y, 4, false),
        (m, 4, true),
        (z, 5, true),
    ];
    assert_eq!(steps(&told), expected);
    assert_eq!((told.total, told.steps, told.line_start), (7, 5, None));
    let with_id: Vec<bool> = told.commits.iter().map(|c| c.patch_id.is_some()).collect();
    assert_eq!(with_id, [false, true, true, true, true, false, true]);
    let merge = &told.commits[5];
    assert_eq!(
        (&merge.parents[..], &*merge.subject),
        (&[b, y][..], "Change 6")
    );
}

#[tokio::test]
async fn what_is_known_is_left_out_and_tells_where_the_line_ends() {
    let Line { bench, commits } = line().await;
    let [a, x, y, b, m, z] = commits;
    let told = history(&bench, &request(z, &[b])).await;
    assert_eq!(
        steps(&told),
        [(x, 1, false), (y, 1, false), (m, 1, true), (z, 2, true)]
    );
    assert_eq!((told.line_start, told.steps), (Some(b), 2));
    // What came by the second parent is not on the line.
    let told = history(&bench, &request(z, &[y])).await;
    assert_eq!(steps(&told), [(b, 1, true), (m, 2, true), (z, 3, true)]);
    assert_eq!(told.line_start, Some(a));
    let told = history(&bench, &request(z, &[z])).await;
    assert_eq!((told.total, told.line_start), (0, Some(z)));
    let gone: Oid = "1".repeat(40).parse().unwrap();
    assert_eq!(history(&bench, &request(z, &[gone])).await.total, 7);
    assert!(
        bench
            .host
            .history(&bench.repo, &request(gone, &[]))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn portions_put_together_are_the_whole() {
    let Line { bench, commits } = line().await;
    let whole = history(&bench, &request(commits[5], &[])).await;
    for limit in 1..8 {
        let mut parts = Vec::new();
        while parts.len() < whole.total {
            let part = HistoryRequest {
                skip: parts.len(),
                limit,
                ..request(commits[5], &[])
            };
            parts.extend(history(&bench, &part).await.commits);
        }
        assert_eq!(parts, whole.commits);
    }
    let newest = HistoryRequest {
        skip: 4,
        patch_ids: 1,
        ..request(commits[5], &[])
    };
    let newest = history(&bench, &newest).await;
    let with_id: Vec<bool> = newest
        .commits
        .iter()
        .map(|c| c.patch_id.is_some())
        .collect();
    assert_eq!(with_id, [false, false, true]);
}

#[tokio::test]
async fn lines_part_where_their_commits_differ_first() {
    let Line { bench, commits } = line().await;
    let [a, _, y, b, m, z] = commits;
    let common = async |one: Oid, other: Oid| {
        let found = bench.host.common_line(&bench.repo, &one, &other).await;
        found.unwrap()
    };
    let at = |id, number| Some(LinePoint { id, number });
    assert_eq!(common(z, y).await, at(a, 2));
    assert_eq!(common(z, b).await, at(b, 3));
    assert_eq!(common(m, m).await, at(m, 4));
}

/// `git diff-tree -p | git patch-id --stable` for one commit.
fn by_git(bench: &Bench, commit: Oid) -> Option<String> {
    let args = [
        "diff-tree",
        "-p",
        "--root",
        "--full-index",
        &commit.to_string(),
    ];
    let patch = try_git(&bench.git_dir(), &args).stdout;
    let mut child = Command::new("git")
        .args(["patch-id", "--stable"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), &patch).unwrap();
    let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    output.split_whitespace().next().map(str::to_owned)
}

#[tokio::test]
async fn patch_ids_group_changes_exactly_as_git_does() {
    let bench = Bench::new().await;
    let start = [
        put("t", lines(0..60)),
        put("m", lines(0..9)),
        put("bin", [0u8, 1, 2]),
        put("é", "é\n"),
    ];
    let base = bench.commit(bench.first, 1, &start).await;
    let shifted_text = "top\n".to_owned() + &lines(0..60);
    let shifted = bench.commit(base, 2, &[put("t", &shifted_text)]).await;
    let changes = |text: &str| {
        vec![
            vec![put("t", text.replace("line 50\n", "LINE 50\n"))],
            vec![put("t", text.replace("line 50\n", "LINE  50\n"))],
            vec![put("t", text.replace("line 50\n", ""))],
            vec![put("m", lines(0..8))],
            vec![rename("m", "n")],
            vec![delete("é")],
            vec![put("bin", [0u8, 1, 3])],
            vec![put("bin", [0u8, 1, 4])],
            vec![executable("m", true)],
            vec![put("t", text), put("new", "new\n")],
            vec![put("no end", "no end")],
        ]
    };
    let mut commits = vec![bench.first, base, shifted];
    for (parent, text) in [(base, lines(0..60)), (shifted, shifted_text)] {
        for (at, change) in (10..).zip(changes(&text)) {
            commits.push(bench.commit(parent, at, &change).await);
        }
    }
    let mut groups: HashMap<Option<String>, Vec<Oid>> = HashMap::new();
    for commit in &commits {
        let told = history(&bench, &request(*commit, &[])).await;
        let own = told.commits.last().unwrap();
        assert_eq!(own.id, *commit);
        groups
            .entry(own.patch_id.clone())
            .or_default()
            .push(*commit);
    }
    for members in groups.values() {
        let by_git: BTreeSet<_> = members.iter().map(|id| by_git(&bench, *id)).collect();
        assert_eq!(by_git.len(), 1, "{members:?}");
    }
    let ids: BTreeSet<_> = commits.iter().map(|id| by_git(&bench, *id)).collect();
    assert_eq!(groups.len(), ids.len());
    assert_eq!(groups[&None], [bench.first]);
    // Each change here is the same there.
    assert!(groups.values().filter(|members| members.len() >= 2).count() >= 9);
}

#[tokio::test]
async fn a_branch_has_the_patch_id_of_its_squash() {
    let bench = Bench::new().await;
    let base = bench
        .commit(bench.first, 1, &[put("t", lines(0..60))])
        .await;
    let one = bench.commit(base, 2, &[put("u", "1\n")]).await;
    let edit = put("t", lines(0..60).replace("line 50\n", "LINE 50\n"));
    let two = bench.commit(one, 3, std::slice::from_ref(&edit)).await;
    let onto = bench.commit(base, 4, &[put("other", "1\n")]).await;
    let squash = bench.commit(onto, 5, &[put("u", "1\n"), edit]).await;
    let point = bench.host.branch_point(&bench.repo, &onto, &two).await;
    let point = point.unwrap();
    assert_eq!(point.merge_base, Some(base));
    let id = bench.host.patch_id(&bench.repo, &squash).await.unwrap();
    assert!(id.is_some());
    assert_eq!(point.patch_id, id);
    let none = bench
        .host
        .branch_point(&bench.repo, &two, &two)
        .await
        .unwrap();
    assert_eq!((none.merge_base, none.patch_id), (Some(two), None));
}

#[tokio::test]
async fn messages_name_what_they_revert_and_where_they_were_picked() {
    let bench = Bench::new().await;
    let base = bench.commit(bench.first, 1, &[put("a", "1\n")]).await;
    bench.set_branch("main", base).await;
    let folder = bench.root.path().join("work");
    let url = bench.git_dir().display().to_string();
    let work = folder.display().to_string();
    crate::bench::git(bench.root.path(), &["clone", "--quiet", &url, &work]);
    let git = |args: &[&str]| {
        let who = ["-c", "user.name=Eve", "-c", "user.email=eve@example.com"];
        crate::bench::git(&folder, &[&who[..], args].concat())
    };
    git(&["revert", "--no-edit", "HEAD"]);
    git(&["revert", "--no-edit", "HEAD"]);
    git(&["checkout", "--quiet", "-b", "release", "HEAD~1"]);
    git(&["cherry-pick", "-x", "main"]);
    git(&["push", "--quiet", "origin", "main", "release"]);
    let id = |rev: &str| -> Oid { git(&["rev-parse", rev]).parse().unwrap() };
    let told = history(&bench, &request(id("release"), &[base])).await;
    let [revert, pick] = &told.commits[..] else {
        panic!("{told:?}")
    };
    assert_eq!(
        (&revert.reverts[..], revert.picked_from),
        (&[base][..], None)
    );
    assert_eq!(pick.picked_from, Some(id("main")));
    // The message is picked too.
    assert_eq!(pick.reverts, [revert.id]);
}

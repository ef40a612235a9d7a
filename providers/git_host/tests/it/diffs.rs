use std::io::Write;
use std::process::{Command, Stdio};

use sluice_git_host::{ChangeKind, DiffLimits, FileChange, FileDiff, GitHost, Oid};

use crate::bench::{Bench, delete, executable, git, lines, put, rename};

async fn diff(bench: &Bench, from: Option<Oid>, to: Oid, limits: DiffLimits) -> Vec<FileDiff> {
    bench
        .host
        .diff(&bench.repo, from.as_ref(), &to, limits)
        .await
        .unwrap()
}

/// Two commits between which every kind of change happens.
async fn every_change(bench: &Bench) -> (Oid, Oid) {
    let base = [
        put("edit", lines(0..20)),
        put("gone", "1\n2\n"),
        put("from name", lines(50..90)),
        put("run", "#!\n"),
        put("bin", [0u8, 1, 2]),
        put("same", "s"),
    ];
    let from = bench.commit(bench.first, 1, &base).await;
    let moved = FileChange::Rename {
        from: "from name".into(),
        to: "to/日本".into(),
        content: Some((lines(50..90) + "more\n").into()),
    };
    let changes = [
        put("edit", lines(0..20).replace("line 5\n", "LINE 5\nextra\n")),
        delete("gone"),
        moved,
        executable("run", true),
        put("bin", [0u8, 9, 9]),
        put("empty", ""),
        put("diff", "diff --git a/x b/x\n"),
    ];
    let to = bench.commit(from, 2, &changes).await;
    (from, to)
}

#[tokio::test]
async fn a_diff_tells_every_kind_of_change() {
    let bench = Bench::new().await;
    let (from, to) = every_change(&bench).await;
    let files = diff(&bench, Some(from), to, DiffLimits::default()).await;
    let told: Vec<_> = files
        .iter()
        .map(|f| {
            (
                f.path.as_str(),
                f.old_path.as_deref(),
                f.kind,
                f.binary,
                f.additions,
                f.deletions,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("bin", None, ChangeKind::Modified, true, 0, 0),
            ("diff", None, ChangeKind::Added, false, 1, 0),
            ("edit", None, ChangeKind::Modified, false, 2, 1),
            ("empty", None, ChangeKind::Added, false, 0, 0),
            ("gone", None, ChangeKind::Deleted, false, 0, 2),
            ("run", None, ChangeKind::ModeChanged, false, 0, 0),
            (
                "to/日本",
                Some("from name"),
                ChangeKind::Renamed,
                false,
                1,
                0
            ),
        ]
    );
}

#[tokio::test]
async fn the_patches_of_a_diff_apply() {
    let bench = Bench::new().await;
    let (from, to) = every_change(&bench).await;
    let files = diff(&bench, Some(from), to, DiffLimits::default()).await;
    for file in &files {
        let patch = file.patch.as_deref().unwrap();
        assert!(patch.starts_with("diff --git "), "{patch}");
        assert!(
            patch.lines().next().unwrap().contains(&file.path),
            "{patch}"
        );
        assert_eq!(
            patch
                .lines()
                .filter(|l| l.starts_with("diff --git"))
                .count(),
            1
        );
    }
    let all: String = files
        .iter()
        .filter(|f| !f.binary)
        .map(|f| f.patch.clone().unwrap())
        .collect();
    let work = bench.root.path().join("work");
    bench
        .host
        .checkout(&bench.repo, &from, &work)
        .await
        .unwrap();
    std::fs::write(work.join("p.patch"), all).unwrap();
    git(&work, &["apply", "--index", "p.patch"]);
    std::fs::write(work.join("bin"), [0u8, 9, 9]).unwrap();
    git(&work, &["add", "bin"]);
    assert_eq!(
        git(&work, &["write-tree"]),
        bench.git(&["rev-parse", &format!("{to}^{{tree}}")])
    );
}

#[tokio::test]
async fn a_diff_from_nothing_lists_everything_and_limits_cut_it() {
    let bench = Bench::new().await;
    let changes = [
        put("a", lines(0..10)),
        put("b", lines(0..1000)),
        put("c", lines(0..10)),
    ];
    let to = bench.commit(bench.first, 1, &changes).await;
    let patches = async |limits| {
        let files = diff(&bench, None, to, limits).await;
        files
            .iter()
            .map(|f| (f.path.clone(), f.patch.is_some()))
            .collect::<Vec<_>>()
    };
    let expect = |items: &[(&str, bool)]| {
        items
            .iter()
            .map(|(path, whole)| ((*path).to_owned(), *whole))
            .collect::<Vec<_>>()
    };
    let all = DiffLimits::default();
    assert_eq!(
        patches(all).await,
        expect(&[("a", true), ("b", true), ("c", true)])
    );
    let per_file = DiffLimits {
        max_patch_bytes: 1_000,
        ..all
    };
    assert_eq!(
        patches(per_file).await,
        expect(&[("a", true), ("b", false), ("c", true)])
    );
    let total = DiffLimits {
        max_total_bytes: 2_000,
        ..all
    };
    assert_eq!(
        patches(total).await,
        expect(&[("a", true), ("b", false), ("c", false)])
    );
    let count = DiffLimits {
        max_files: 1,
        ..all
    };
    assert_eq!(patches(count).await, expect(&[("a", true)]));
    assert!(diff(&bench, Some(to), to, all).await.is_empty());
}

fn patch_id_by_git(bench: &Bench, commit: Oid) -> String {
    let dir = bench.git_dir();
    let patch = git(&dir, &["diff-tree", "-p", "--root", &commit.to_string()]) + "\n";
    let mut child = Command::new("git")
        .args(["patch-id", "--stable"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(patch.as_bytes())
        .unwrap();
    let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    output
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn patch_ids_equal_those_of_git_and_survive_a_change_of_base() {
    let bench = Bench::new().await;
    let base = bench
        .commit(
            bench.first,
            1,
            &[put("t", lines(0..60)), put("m", lines(0..9))],
        )
        .await;
    let edit = put("t", lines(0..60).replace("line 50\n", "LINE 50\n"));
    let here = bench
        .commit(base, 2, &[edit, rename("m", "n"), put("é", "é\n")])
        .await;
    let top = "top\n".to_owned() + &lines(0..60);
    let shifted = bench.commit(base, 3, &[put("t", &top)]).await;
    let edit = put("t", top.replace("line 50\n", "LINE 50\n"));
    let there = bench
        .commit(shifted, 4, &[edit, rename("m", "n"), put("é", "é\n")])
        .await;
    let id = async |commit: Oid| bench.host.patch_id(&bench.repo, &commit).await.unwrap();
    for commit in [base, here, shifted, there] {
        assert_eq!(id(commit).await.unwrap(), patch_id_by_git(&bench, commit));
    }
    assert_eq!(id(here).await, id(there).await);
    assert_ne!(id(here).await, id(base).await);
    assert_eq!(id(bench.first).await, None, "an empty change");
    let tree = bench
        .host
        .commit(&bench.repo, &here)
        .await
        .unwrap()
        .unwrap()
        .tree;
    let merge = bench.commit_tree(tree, vec![here, there], 5).await;
    assert_eq!(id(merge).await, None, "a merge");
}

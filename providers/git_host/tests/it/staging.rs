use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Instant;

use bytes::Bytes;
use sluice_git_host::{ChangeKind, FileChange, GitHost, GitHostError, Limits, Oid, PathRule};

use crate::bench::{Bench, delete, executable, git, lines, put, rename};

/// The tree that `git add` makes of the files; a true flag makes a file executable.
fn tree_by_git(files: &BTreeMap<String, (Vec<u8>, bool)>) -> String {
    let dir = tempfile::tempdir().unwrap();
    git(dir.path(), &["init", "--quiet"]);
    for (path, (content, executable)) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        let mode = if *executable { 0o755 } else { 0o644 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
    git(dir.path(), &["add", "--all", "."]);
    git(dir.path(), &["write-tree"])
}

fn tree_of(files: &[(&str, &str, bool)]) -> String {
    let files = files.iter().map(|(path, content, executable)| {
        (
            (*path).to_owned(),
            (content.as_bytes().to_vec(), *executable),
        )
    });
    tree_by_git(&files.collect())
}

async fn refusal(bench: &Bench, base: Oid, changes: &[FileChange]) -> (String, PathRule) {
    match bench.host.stage(&bench.repo, &base, changes).await {
        Err(GitHostError::InvalidPath { path, rule }) => (path, rule),
        other => panic!("{changes:?}: {other:?}"),
    }
}

#[tokio::test]
async fn two_thousand_files_with_any_name_and_content_make_the_tree_that_git_makes() {
    let bench = Bench::new().await;
    let mut files = BTreeMap::new();
    for n in 0..2_000u32 {
        let folder = [
            "src",
            "данные/モジュール",
            "a b/ü-%20",
            "deep/er/and/deep er/🚀",
        ][n as usize % 4];
        let content: Vec<u8> = match n % 3 {
            0 => format!("file {n}\r\n").into_bytes(),
            1 => (0..300u32).map(|i| (i * n % 251) as u8).collect(),
            _ => Vec::new(),
        };
        files.insert(
            format!("{folder}/{}/f-{n}-é.dat", n % 17),
            (content, n % 5 == 0),
        );
    }
    let changes: Vec<_> = files
        .iter()
        .map(|(path, (content, executable))| FileChange::Put {
            path: path.clone(),
            content: Bytes::copy_from_slice(content),
            executable: Some(*executable),
        })
        .collect();
    let start = Instant::now();
    let staged = bench
        .host
        .stage(&bench.repo, &bench.first, &changes)
        .await
        .unwrap();
    let took = start.elapsed();
    println!("staged 2,000 files in {took:?}");
    assert!(took.as_secs() < 10, "{took:?}");
    assert_eq!(staged.tree.to_string(), tree_by_git(&files));
    assert_eq!(staged.changed.len(), 2_000);

    let commit = bench.commit_tree(staged.tree, vec![bench.first], 1).await;
    bench.set_branch("main", commit).await;
    bench.assert_sound();
    let listed = bench
        .host
        .list_files(&bench.repo, &commit, 5_000)
        .await
        .unwrap();
    let paths: Vec<_> = listed.iter().map(|file| file.path.clone()).collect();
    assert_eq!(
        paths,
        files.keys().cloned().collect::<Vec<_>>(),
        "in the order of their bytes"
    );
    for file in &listed {
        let (content, executable) = &files[&file.path];
        assert_eq!(
            (file.size, file.executable),
            (content.len() as u64, *executable)
        );
    }
    let again = bench
        .host
        .stage(&bench.repo, &commit, &changes)
        .await
        .unwrap();
    assert_eq!(
        (again.tree, again.changed),
        (staged.tree, Vec::new()),
        "no change, no effect"
    );
}

#[tokio::test]
async fn every_kind_of_change_has_its_effect_and_is_reported() {
    let bench = Bench::new().await;
    let base = [
        put("keep", "k"),
        put("edit", "1"),
        put("gone/x", "x"),
        put("old name", "n"),
        put("run.sh", "#!"),
        put("same", "s"),
        put("moved", "m"),
    ];
    let base = bench.commit(bench.first, 1, &base).await;
    let changes = [
        FileChange::Update {
            path: "edit".into(),
            content: "2".into(),
            executable: Some(true),
        },
        FileChange::Create {
            path: "new/é".into(),
            content: "new".into(),
            executable: false,
        },
        delete("gone/x"),
        rename("old name", "new name"),
        FileChange::Rename {
            from: "moved".into(),
            to: "there/moved".into(),
            content: Some("m2".into()),
        },
        executable("run.sh", true),
        put("same", "s"),
    ];
    let staged = bench
        .host
        .stage(&bench.repo, &base, &changes)
        .await
        .unwrap();
    let expected = tree_of(&[
        ("keep", "k", false),
        ("edit", "2", true),
        ("new/é", "new", false),
        ("new name", "n", false),
        ("there/moved", "m2", false),
        ("run.sh", "#!", true),
        ("same", "s", false),
    ]);
    assert_eq!(
        staged.tree.to_string(),
        expected,
        "and the emptied folder is gone"
    );
    let changed: Vec<_> = staged
        .changed
        .iter()
        .map(|c| (c.path.as_str(), c.old_path.as_deref(), c.kind))
        .collect();
    assert_eq!(
        changed,
        [
            ("edit", None, ChangeKind::Modified),
            ("gone/x", None, ChangeKind::Deleted),
            ("new name", Some("old name"), ChangeKind::Renamed),
            ("new/é", None, ChangeKind::Added),
            ("run.sh", None, ChangeKind::ModeChanged),
            ("there/moved", Some("moved"), ChangeKind::Renamed),
        ]
    );
}

#[tokio::test]
async fn an_update_without_a_mode_keeps_the_executable_bit() {
    let bench = Bench::new().await;
    let run = FileChange::Create {
        path: "run".into(),
        content: "1".into(),
        executable: true,
    };
    let base = bench.commit(bench.first, 1, &[run]).await;
    let staged = bench
        .host
        .stage(&bench.repo, &base, &[put("run", "2")])
        .await
        .unwrap();
    assert_eq!(staged.tree.to_string(), tree_of(&[("run", "2", true)]));
}

#[tokio::test]
async fn files_and_folders_may_take_each_others_place_when_it_is_free() {
    let bench = Bench::new().await;
    let base = bench
        .commit(
            bench.first,
            1,
            &[put("f", "f"), put("d/x", "x"), put("d/e/y", "y")],
        )
        .await;
    let swap = [
        rename("f", "f/inner"),
        delete("d/x"),
        delete("d/e/y"),
        put("d", "file"),
    ];
    let staged = bench.host.stage(&bench.repo, &base, &swap).await.unwrap();
    assert_eq!(
        staged.tree.to_string(),
        tree_of(&[("f/inner", "f", false), ("d", "file", false)])
    );
    let all = [delete("f"), delete("d/x"), delete("d/e/y")];
    let staged = bench.host.stage(&bench.repo, &base, &all).await.unwrap();
    assert_eq!(
        staged.tree.to_string(),
        "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    );
}

#[tokio::test]
async fn changes_that_do_not_fit_the_tree_are_refused_with_path_and_rule() {
    let bench = Bench::new().await;
    let base = bench
        .commit(
            bench.first,
            1,
            &[put("f", "f"), put("d/x", "x"), put("d/y", "y")],
        )
        .await;
    let create = |path: &str| FileChange::Create {
        path: path.into(),
        content: "c".into(),
        executable: false,
    };
    let update = |path: &str| FileChange::Update {
        path: path.into(),
        content: "c".into(),
        executable: None,
    };
    let cases: Vec<(Vec<FileChange>, &str, PathRule)> = vec![
        (vec![create("f")], "f", PathRule::Exists),
        (vec![update("nope")], "nope", PathRule::Missing),
        (vec![delete("d/nope")], "d/nope", PathRule::Missing),
        (vec![delete("f/below")], "f/below", PathRule::Missing),
        (vec![delete("d")], "d", PathRule::IsDirectory),
        (vec![executable("d", true)], "d", PathRule::IsDirectory),
        (vec![rename("nope", "x")], "nope", PathRule::Missing),
        (vec![rename("f", "d/x")], "d/x", PathRule::Exists),
        (vec![rename("f", "f")], "f", PathRule::Duplicate),
        (vec![put("f", "1"), put("f", "2")], "f", PathRule::Duplicate),
        (vec![put("f/below", "1")], "f/below", PathRule::ParentIsFile),
        (
            vec![put("n", "1"), put("n/m/o", "2")],
            "n/m/o",
            PathRule::ParentIsFile,
        ),
        (vec![put("d", "1")], "d", PathRule::IsDirectory),
        (
            vec![put("d", "1"), delete("d/x")],
            "d",
            PathRule::IsDirectory,
        ),
        (
            vec![put("a/.git/config", "1")],
            "a/.git/config",
            PathRule::GitDirectory,
        ),
        (vec![put("../a", "1")], "../a", PathRule::DotComponent),
        (vec![rename("f", "/f")], "/f", PathRule::Absolute),
        (
            vec![put(".gitattributes", "x".repeat(2_048))],
            ".gitattributes",
            PathRule::AttributesLine,
        ),
    ];
    for (changes, path, rule) in cases {
        assert_eq!(
            refusal(&bench, base, &changes).await,
            (path.to_owned(), rule)
        );
    }
}

#[tokio::test]
async fn limits_on_files_and_bytes_are_kept() {
    let limits = Limits {
        max_files: 2,
        max_file_bytes: 10,
        max_request_bytes: 15,
        ..Limits::default()
    };
    let bench = Bench::with(limits).await;
    for changes in [
        vec![put("a", ""), put("b", ""), put("c", "")],
        vec![put("a", "12345678901")],
        vec![put("a", "12345678"), put("b", "12345678")],
    ] {
        let refused = bench.host.stage(&bench.repo, &bench.first, &changes).await;
        assert!(
            matches!(refused, Err(GitHostError::TooLarge { .. })),
            "{refused:?}"
        );
    }
    let fits = [put("a", "1234567890"), put("b", "12345")];
    bench
        .host
        .stage(&bench.repo, &bench.first, &fits)
        .await
        .unwrap();
}

#[tokio::test]
async fn files_read_back_as_they_were_written() {
    let bench = Bench::new().await;
    let binary: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    let changes = [
        put("bin", &binary),
        put("d/t", lines(0..5)),
        executable_file("d/run"),
    ];
    let commit = bench.commit(bench.first, 1, &changes).await;
    let read = async |path: &str, max| bench.host.read_file(&bench.repo, &commit, path, max).await;
    let found = read("bin", 70_000).await.unwrap().unwrap();
    assert_eq!((&found.bytes[..], found.executable), (&binary[..], false));
    assert_eq!(
        found.oid.to_string(),
        bench.git(&["rev-parse", &format!("{commit}:bin")])
    );
    assert!(read("d/run", 100).await.unwrap().unwrap().executable);
    assert!(matches!(
        read("bin", 69_999).await,
        Err(GitHostError::TooLarge { .. })
    ));
    for absent in ["d", "nope", "d/t/x"] {
        assert_eq!(read(absent, 100).await.unwrap(), None);
    }
    assert!(matches!(
        read("../bin", 1).await,
        Err(GitHostError::InvalidPath { .. })
    ));
    let some = bench
        .host
        .list_files(&bench.repo, &commit, 2)
        .await
        .unwrap();
    assert_eq!(
        some.iter().map(|f| &*f.path).collect::<Vec<_>>(),
        ["bin", "d/run"]
    );
}

fn executable_file(path: &str) -> FileChange {
    FileChange::Create {
        path: Path::new(path).display().to_string(),
        content: "#!".into(),
        executable: true,
    }
}

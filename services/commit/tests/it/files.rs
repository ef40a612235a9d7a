use sluice_commit::{Change, ChangeKind};
use sluice_kernel::Fault;
use sluice_schema::ErrorCode;
use sluice_testkit::Backend;

use crate::fixture::{World, change, put};

async fn every_kind_of_change_takes_effect(backend: Backend) {
    let world = World::new(backend).await;
    let binary = Change {
        content_base64: Some("AAH/".into()),
        ..change(ChangeKind::Create, "bin/ü.dat")
    };
    let script = Change {
        executable: Some(true),
        ..put("run.sh", "#!/bin/sh\n")
    };
    let first = vec![binary, script, put("old.txt", "1"), put("gone.txt", "1")];
    world.commit(first).await;
    let moved = Change {
        from_path: Some("old.txt".into()),
        content: Some("2".into()),
        ..change(ChangeKind::Rename, "new.txt")
    };
    let plain = Change {
        executable: Some(false),
        ..change(ChangeKind::Chmod, "run.sh")
    };
    let update = Change {
        kind: ChangeKind::Update,
        content_base64: Some("/w==".into()),
        ..change(ChangeKind::Update, "bin/ü.dat")
    };
    let second = vec![moved, plain, update, change(ChangeKind::Delete, "gone.txt")];
    let commit = world.commit(second).await;
    let files = world.service.files(&world.ctx, commit.id, 100);
    let files: Vec<_> = files.await.unwrap();
    let shown: Vec<_> = files
        .iter()
        .map(|f| (&*f.path, f.size, f.executable))
        .collect();
    assert_eq!(
        shown,
        [
            ("bin/ü.dat", 1, false),
            ("new.txt", 1, false),
            ("run.sh", 10, false)
        ]
    );
    let file = world.service.file(&world.ctx, commit.id, "bin/ü.dat");
    assert_eq!(file.await.unwrap().unwrap().bytes.as_ref(), [0xff]);
    let none = world.service.file(&world.ctx, commit.id, "gone.txt");
    assert_eq!(none.await.unwrap(), None);
    let diff = world.service.diff(&world.ctx, commit.id).await.unwrap();
    // A moved file that keeps nothing of its content is a deletion and an addition.
    assert_eq!(diff.len(), 5);
}

async fn a_change_that_does_not_fit_the_branch_names_its_place(backend: Backend) {
    let world = World::new(backend).await;
    world.commit(vec![put("a.txt", "a")]).await;
    let content = |kind, path: &str| Change {
        content: Some("x".into()),
        ..change(kind, path)
    };
    for bad in [
        content(ChangeKind::Create, "a.txt"),
        content(ChangeKind::Update, "none.txt"),
        change(ChangeKind::Delete, "none.txt"),
        content(ChangeKind::Put, "a.txt/b"),
        content(ChangeKind::Put, "ok.txt"),
    ] {
        let command = world.command(vec![put("ok.txt", "x"), bad]);
        let refused = world.run(command).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::InvalidInput);
        let field = refused.field().unwrap();
        assert!(field.starts_with("changes["), "{field}: {refused}");
    }
    assert_eq!(world.length().await, 1);
}

async fn two_thousand_nested_files_go_in_one_commit(backend: Backend) {
    let world = World::new(backend).await;
    let path = |index: usize| format!("日本/{}/{}/f {index}.txt", index % 7, index % 31);
    let files = (0..2_000).map(|index| put(&path(index), &index.to_string()));
    let commit = world.commit(files.collect()).await;
    assert_eq!(commit.changed_paths, 2_000);
    assert_eq!(world.text(&path(1_999)).await.as_deref(), Some("1999"));
}

sluice_testkit::on_both_databases!(
    every_kind_of_change_takes_effect,
    a_change_that_does_not_fit_the_branch_names_its_place,
    two_thousand_nested_files_go_in_one_commit,
);

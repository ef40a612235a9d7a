use futures::future::join_all;
use sluice_commit::{ChangeKind, CommitError};
use sluice_git_host::{GitHost, RefChange};
use sluice_kernel::{ContentDigest, Fault, IdempotencyKey};
use sluice_schema::ErrorCode;
use sluice_testkit::{Backend, GitWrite};

use crate::fixture::{World, change, push, put};

async fn fifty_identical_commands_make_one_commit_and_one_event(backend: Backend) {
    for artifact in [false, true] {
        let world = World::new(backend).await;
        let mut create = put("a.txt", "a");
        create.kind = ChangeKind::Create;
        let command = match artifact {
            true => world.artifact("artifact-1", vec![create]),
            false => world.command(vec![create]),
        };
        let all = join_all((0..50).map(|_| world.run(command.clone()))).await;
        let outcomes: Vec<_> = all.into_iter().map(Result::unwrap).collect();
        let id = outcomes[0].value.id;
        assert!(outcomes.iter().all(|outcome| outcome.value.id == id));
        assert!(outcomes.iter().all(|outcome| outcome.value.sha.is_some()));
        assert_eq!(outcomes.iter().filter(|o| o.replayed).count(), 49);
        assert_eq!((world.length().await, world.events().await), (1, 1));
    }
}

async fn commands_on_different_files_at_once_all_succeed(backend: Backend) {
    let world = World::new(backend).await;
    let all = join_all((0..12).map(|index| {
        let command = world.command(vec![put(&format!("{index}.txt"), "x")]);
        world.run(command)
    }));
    for outcome in all.await {
        assert!(!outcome.unwrap().replayed);
    }
    assert_eq!((world.length().await, world.events().await), (12, 12));
}

async fn an_artifact_is_committed_once_however_far_the_branch_is(backend: Backend) {
    let world = World::new(backend).await;
    let command = world.artifact("artifact-1", vec![put("a.txt", "1")]);
    let first = world.run(command.clone()).await.unwrap();
    world
        .commit(vec![put("a.txt", "2"), put("b.txt", "b")])
        .await;
    let again = world.run(command).await.unwrap();
    assert!(again.replayed && again.value.id == first.value.id);
    // Said in another way, the content is the same.
    let mut create = put("a.txt", "1");
    create.kind = ChangeKind::Create;
    let again = world.run(world.artifact("artifact-1", vec![create])).await;
    assert!(again.unwrap().replayed);
    let other = world.artifact("artifact-1", vec![put("a.txt", "3")]);
    let refused = world.run(other).await.unwrap_err();
    assert!(matches!(refused, CommitError::ArtifactTaken { .. }));
    assert_eq!(refused.code(), ErrorCode::Conflict);
    assert_eq!(world.length().await, 2);
}

async fn a_command_that_cannot_be_carried_out_twice_replays(backend: Backend) {
    let world = World::new(backend).await;
    world
        .commit(vec![put("a.txt", "a"), put("b.txt", "b")])
        .await;
    let mut rename = change(ChangeKind::Rename, "c.txt");
    rename.from_path = Some("a.txt".into());
    let command = world.command(vec![rename, change(ChangeKind::Delete, "b.txt")]);
    let first = world.run(command.clone()).await.unwrap();
    world.commit(vec![put("d.txt", "d")]).await;
    let again = world.run(command).await.unwrap();
    assert!(again.replayed && again.value.id == first.value.id);
}

async fn an_idempotency_key_finds_its_commit_and_refuses_another_request(backend: Backend) {
    let mut world = World::new(backend).await;
    let plain = world.ctx.clone();
    let with = |request: &str| {
        plain.with_idempotency(IdempotencyKey::new("k1", ContentDigest::of(request)).unwrap())
    };
    world.ctx = with("1");
    let command = world.command(vec![put("a.txt", "1")]);
    let first = world.run(command.clone()).await.unwrap();
    world.push("a.txt", "2").await;
    let again = world.run(command).await.unwrap();
    assert!(again.replayed && again.value.id == first.value.id);
    world.ctx = with("2");
    let refused = world.run(world.command(vec![put("b.txt", "1")])).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::Conflict);
}

async fn a_branch_that_moves_meanwhile_gets_the_commit_on_top(backend: Backend) {
    let world = World::new(backend).await;
    let (git, path) = (world.git.clone(), world.path.clone());
    world.git.before(GitWrite::UpdateRef, async move {
        push(git.real(), &path, "x", "late.txt", "late").await;
    });
    let commit = world.commit(vec![put("a.txt", "a")]).await;
    assert!(world.git.all_sprung());
    assert_eq!(world.text("late.txt").await.as_deref(), Some("late"));
    assert_eq!(world.text("a.txt").await.as_deref(), Some("a"));
    assert_eq!(commit.changed_paths, 1);
    assert_eq!((world.length().await, world.events().await), (2, 1));
}

async fn a_branch_that_moves_from_the_expected_head_is_left_alone(backend: Backend) {
    let world = World::new(backend).await;
    let (git, path) = (world.git.clone(), world.path.clone());
    world.git.before(GitWrite::UpdateRef, async move {
        push(git.real(), &path, "x", "late.txt", "late").await;
    });
    let mut command = world.command(vec![put("a.txt", "a")]);
    command.expected_head = Some(world.root.to_string());
    let refused = world.run(command).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::VersionConflict);
    assert_eq!((world.length().await, world.events().await), (1, 0));
}

async fn the_same_content_from_elsewhere_supersedes_the_commit(backend: Backend) {
    let world = World::new(backend).await;
    let (git, path) = (world.git.clone(), world.path.clone());
    world.git.before(GitWrite::UpdateRef, async move {
        push(git.real(), &path, "x", "a.txt", "a").await;
    });
    let refused = world.run(world.command(vec![put("a.txt", "a")])).await;
    assert!(matches!(refused, Err(CommitError::NothingChanges)));
    assert_eq!((world.length().await, world.events().await), (1, 0));
}

async fn a_branch_made_anew_takes_the_artifact_again(backend: Backend) {
    let world = World::new(backend).await;
    let command = world.artifact("artifact-1", vec![put("a.txt", "1")]);
    let first = world.run(command.clone()).await.unwrap();
    let gone = RefChange {
        expected: Some(world.head().await),
        new: None,
    };
    let name = "x".parse().unwrap();
    world
        .git
        .update_ref(&world.path, &name, gone)
        .await
        .unwrap();
    world.facts.protected.lock().unwrap().remove("x");
    // The branch was merged and deleted: the commit was made all the same.
    assert!(world.run(command.clone()).await.unwrap().replayed);
    world.branch("x").await;
    let second = world.run(command).await.unwrap();
    assert!(!second.replayed && second.value.id != first.value.id);
    assert_eq!((world.length().await, world.events().await), (1, 2));
}

sluice_testkit::on_both_databases!(
    fifty_identical_commands_make_one_commit_and_one_event,
    commands_on_different_files_at_once_all_succeed,
    an_artifact_is_committed_once_however_far_the_branch_is,
    a_command_that_cannot_be_carried_out_twice_replays,
    an_idempotency_key_finds_its_commit_and_refuses_another_request,
    a_branch_that_moves_meanwhile_gets_the_commit_on_top,
    a_branch_that_moves_from_the_expected_head_is_left_alone,
    the_same_content_from_elsewhere_supersedes_the_commit,
    a_branch_made_anew_takes_the_artifact_again,
);

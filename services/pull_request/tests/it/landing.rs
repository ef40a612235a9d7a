//! Crashes and races between the decision to merge and its record.

use sluice_git_host::GitHost;
use sluice_pull_request::{MergeStrategy, Mergeability, PullRequestStatus};
use sluice_schema::{ErrorCode, Fault};
use sluice_testkit::{Backend, GitWrite, push};

use crate::fixture::World;

async fn a_merge_that_never_reached_the_target_is_finished_by_recovery(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.opened().await.id;
    world.git.fail_before(GitWrite::UpdateRef);
    world.merge(id, None).await.unwrap_err();
    assert_eq!(world.get(id).await.status, PullRequestStatus::Merging);
    assert!(world.drain().await.is_empty());
    assert_eq!(world.recover().await.unwrap(), 1);
    assert_eq!(world.recover().await.unwrap(), 0);
    let merged = world.get(id).await;
    assert_eq!(merged.status, PullRequestStatus::Merged);
    assert_eq!(merged.merged_by.as_deref(), Some("ada"));
    assert_eq!(
        merged.merge_commit_sha,
        world.head("main").await.map(|h| h.to_string())
    );
    assert_eq!(world.drained_types().await, ["PullRequestMerged"]);
}

async fn a_merge_that_landed_and_was_not_recorded_is_recorded_by_recovery(backend: Backend) {
    for strategy in [
        MergeStrategy::Merge,
        MergeStrategy::Squash,
        MergeStrategy::Rebase,
    ] {
        let world = World::new(backend).await;
        let id = world.opened().await.id;
        world.git.fail_after(GitWrite::UpdateRef);
        world.merge(id, Some(strategy)).await.unwrap_err();
        let landed = world.head("main").await.unwrap();
        // Others go on from there before anybody comes back.
        world.push("main", "later.txt", "x").await;
        assert_eq!(world.recover().await.unwrap(), 1);
        let merged = world.get(id).await;
        assert_eq!(merged.merge_commit_sha, Some(landed.to_string()));
        assert_eq!(world.drained_types().await, ["PullRequestMerged"]);
    }
}

async fn the_same_command_finishes_what_an_earlier_one_left(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.opened().await.id;
    world.git.fail_after(GitWrite::UpdateRef);
    world.merge(id, None).await.unwrap_err();
    let again = world.merge(id, None).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.value.status, PullRequestStatus::Merged);
    assert_eq!(world.recover().await.unwrap(), 0);
    assert_eq!(world.drained_types().await, ["PullRequestMerged"]);
}

async fn a_target_that_moves_under_the_merge_is_merged_onto_again(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.opened().await.id;
    let (git, path) = (world.git.clone(), world.path.clone());
    world.git.before(GitWrite::UpdateRef, async move {
        push(git.real(), &path, "main", "other.txt", "x").await;
    });
    let merged = world.merge(id, None).await.unwrap().value;
    assert!(world.git.all_sprung());
    let head = world.head("main").await.unwrap();
    assert_eq!(merged.merge_commit_sha, Some(head.to_string()));
    let files = world.git.list_files(&world.path, &head, 10).await.unwrap();
    let paths: Vec<_> = files.into_iter().map(|file| file.path).collect();
    assert_eq!(paths, ["feature.txt", "other.txt"]);
    assert_eq!(world.drained_types().await, ["PullRequestMerged"]);
}

async fn a_target_that_moves_into_a_conflict_opens_it_again(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.opened().await.id;
    let (git, path) = (world.git.clone(), world.path.clone());
    world.git.before(GitWrite::UpdateRef, async move {
        push(git.real(), &path, "main", "feature.txt", "other").await;
    });
    let refused = world.merge(id, None).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::MergeConflict);
    let kept = world.get(id).await;
    assert_eq!(kept.status, PullRequestStatus::Open);
    assert_eq!(kept.mergeability, Mergeability::Conflicting);
    assert_eq!(kept.reason.as_deref(), Some("conflicts in feature.txt"));
    assert_eq!((kept.strategy, &kept.merge_intent), (None, &None));
    assert!(world.drain().await.is_empty());
}

async fn a_conflict_found_by_recovery_opens_it_again_and_shows_the_new_head(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.opened().await.id;
    world.git.fail_before(GitWrite::UpdateRef);
    world.merge(id, None).await.unwrap_err();
    world.push("main", "feature.txt", "other").await;
    let pushed = world.push("feature", "more.txt", "x").await;
    world.handle(&world.committed("feature", pushed)).await;
    assert_eq!(world.get(id).await.status, PullRequestStatus::Merging);
    assert_eq!(world.recover().await.unwrap(), 1);
    let kept = world.get(id).await;
    assert_eq!(kept.status, PullRequestStatus::Open);
    assert_eq!(kept.source_sha, pushed.to_string());
    assert!(kept.reason.is_some());
    assert_eq!(world.recover().await.unwrap(), 0);
}

async fn a_target_that_is_deleted_under_the_merge_opens_it_again(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.opened().await.id;
    world.git.fail_before(GitWrite::UpdateRef);
    world.merge(id, None).await.unwrap_err();
    let main = world.head("main").await;
    world.set_head("main", main, None).await;
    assert_eq!(world.recover().await.unwrap(), 1);
    let kept = world.get(id).await;
    assert_eq!(kept.status, PullRequestStatus::Open);
    assert_eq!(kept.mergeability, Mergeability::Unknown);
    assert_eq!(
        kept.reason.as_deref(),
        Some("the target branch does not exist")
    );
}

async fn recovery_and_commands_at_once_announce_one_merge(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.opened().await.id;
    world.git.fail_before(GitWrite::UpdateRef);
    world.merge(id, None).await.unwrap_err();
    let (one, two, three) = tokio::join!(world.recover(), world.merge(id, None), world.recover());
    assert!(one.is_ok() && two.unwrap().replayed && three.is_ok());
    assert_eq!(world.drained_types().await, ["PullRequestMerged"]);
}

sluice_testkit::on_both_databases!(
    a_merge_that_never_reached_the_target_is_finished_by_recovery,
    a_merge_that_landed_and_was_not_recorded_is_recorded_by_recovery,
    the_same_command_finishes_what_an_earlier_one_left,
    a_target_that_moves_under_the_merge_is_merged_onto_again,
    a_target_that_moves_into_a_conflict_opens_it_again,
    a_conflict_found_by_recovery_opens_it_again_and_shows_the_new_head,
    a_target_that_is_deleted_under_the_merge_opens_it_again,
    recovery_and_commands_at_once_announce_one_merge,
);

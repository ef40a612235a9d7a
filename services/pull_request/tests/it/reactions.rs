use sluice_pull_request::{CheckState, Mergeability, PullRequest};
use sluice_testkit::Backend;

use crate::fixture::World;

fn build_of(pull_request: &PullRequest) -> Option<CheckState> {
    let check = pull_request
        .checks
        .iter()
        .find(|check| check.name == "build");
    check.map(|check| check.state)
}

async fn heads_follow_the_git_host_whatever_the_order_of_events(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.opened().await.id;
    let older = world.push("feature", "a.txt", "x").await;
    let newer = world.push("feature", "b.txt", "x").await;
    let (first, second) = (
        world.committed("feature", older),
        world.committed("feature", newer),
    );
    world.handle(&second).await;
    let version = world.get(id).await.meta.version;
    for event in [&first, &second, &first] {
        world.handle(event).await;
        let kept = world.get(id).await;
        assert_eq!(
            (kept.source_sha.clone(), kept.meta.version),
            (newer.to_string(), version)
        );
    }
    assert!(world.drain().await.is_empty());
}

async fn a_target_that_moves_changes_mergeability(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.opened().await.id;
    let conflicting = world.push("main", "feature.txt", "other").await;
    world.handle(&world.committed("main", conflicting)).await;
    let kept = world.get(id).await;
    assert_eq!(kept.mergeability, Mergeability::Conflicting);
    assert_eq!(kept.target_sha, conflicting.to_string());
    assert_eq!(kept.checks[0].state, CheckState::Failed);
    let resolved = world.push("main", "feature.txt", "new").await;
    world.handle(&world.committed("main", resolved)).await;
    assert_eq!(world.get(id).await.mergeability, Mergeability::Clean);
    let merged = world.head("feature").await;
    world.set_head("main", Some(resolved), merged).await;
    world
        .handle(&world.committed("main", merged.unwrap()))
        .await;
    assert_eq!(world.get(id).await.mergeability, Mergeability::UpToDate);
}

async fn a_source_that_is_deleted_makes_mergeability_unknown(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.opened().await.id;
    let head = world.head("feature").await;
    world.set_head("feature", head, None).await;
    world
        .handle(&world.committed("feature", head.unwrap()))
        .await;
    assert_eq!(world.get(id).await.mergeability, Mergeability::Unknown);
    world.set_head("feature", None, head).await;
    world
        .handle(&world.committed("feature", head.unwrap()))
        .await;
    assert_eq!(world.get(id).await.mergeability, Mergeability::Clean);
}

async fn a_build_of_the_head_is_a_check_and_counts_once(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.opened().await.id;
    let head = world.head("feature").await.unwrap();
    let failed = world.built(head, "FAILED");
    world.handle(&failed).await;
    let kept = world.get(id).await;
    assert_eq!(build_of(&kept), Some(CheckState::Failed));
    let detail = kept.checks.iter().find_map(|check| check.detail.as_deref());
    assert_eq!(detail, Some("FAILED: 2 tests failed"));
    let passed = world.built(head, "SUCCEEDED");
    world.handle(&passed).await;
    let version = world.get(id).await.meta.version;
    for event in [&failed, &passed] {
        world.handle(event).await;
    }
    let kept = world.get(id).await;
    assert_eq!(
        (build_of(&kept), kept.meta.version),
        (Some(CheckState::Succeeded), version)
    );
}

async fn an_earlier_build_told_later_does_not_replace_a_later_one(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.opened().await.id;
    let head = world.head("feature").await.unwrap();
    let (earlier, later) = (world.built(head, "FAILED"), world.built(head, "SUCCEEDED"));
    world.handle(&later).await;
    world.handle(&earlier).await;
    assert_eq!(
        build_of(world.get(id).await.as_ref()),
        Some(CheckState::Succeeded)
    );
}

async fn a_build_that_was_known_before_its_commit_was_a_head_counts(backend: Backend) {
    let world = World::new(backend).await;
    let head = world.head("feature").await.unwrap();
    world.handle(&world.built(head, "SUCCEEDED")).await;
    let opened = world.opened().await;
    assert_eq!(build_of(&opened), Some(CheckState::Succeeded));
    let next = world.push("feature", "a.txt", "x").await;
    world.handle(&world.built(next, "CANCELLED")).await;
    assert_eq!(
        build_of(world.get(opened.id).await.as_ref()),
        Some(CheckState::Succeeded)
    );
    world.handle(&world.committed("feature", next)).await;
    assert_eq!(
        build_of(world.get(opened.id).await.as_ref()),
        Some(CheckState::Failed)
    );
}

async fn one_event_handled_many_times_at_once_has_one_effect(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.opened().await.id;
    let head = world.push("feature", "a.txt", "x").await;
    let event = world.committed("feature", head);
    tokio::join!(
        world.handle(&event),
        world.handle(&event),
        world.handle(&event)
    );
    let kept = world.get(id).await;
    assert_eq!(
        (kept.source_sha.clone(), kept.meta.version),
        (head.to_string(), 2)
    );
}

sluice_testkit::on_both_databases!(
    heads_follow_the_git_host_whatever_the_order_of_events,
    a_target_that_moves_changes_mergeability,
    a_source_that_is_deleted_makes_mergeability_unknown,
    a_build_of_the_head_is_a_check_and_counts_once,
    an_earlier_build_told_later_does_not_replace_a_later_one,
    a_build_that_was_known_before_its_commit_was_a_head_counts,
    one_event_handled_many_times_at_once_has_one_effect,
);

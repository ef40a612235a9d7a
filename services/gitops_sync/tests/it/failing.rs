use chrono::TimeDelta;
use sluice_gitops_sync::{
    AttemptOutcome, Classification, HealthStatus, Operation, SyncGitOps, SyncStatus,
};
use sluice_kernel::Fault;
use sluice_schema::ErrorCode;
use sluice_testkit::{Backend, on_both_databases};

use crate::world::*;

on_both_databases!(
    what_is_not_deployable_fails_once_and_is_applied_when_git_is_right_again,
    an_obstacle_is_tried_five_times_and_again_when_it_is_gone,
    git_that_declares_nothing_prunes_only_by_command,
    a_target_that_is_no_folder_is_unknown_and_its_promotion_fails,
);

const A: &str = "configmap.shop.a.yaml";

async fn what_is_not_deployable_fails_once_and_is_applied_when_git_is_right_again(
    backend: Backend,
) {
    let world = world(backend).await;
    world.promote(&[("a", "1")]).await;
    let broken = [("a.yaml".to_owned(), "kind: ConfigMap\n".to_owned())];
    let commit = world.declare_files(&broken).await;
    world.handle(&world.promotion(&commit, "sha256:x")).await;
    let (kind, payload) = world.last_event().await;
    assert_eq!(kind, "GitOpsSyncFailed");
    assert_eq!(payload["code"], "INVALID_MANIFEST");
    assert_eq!(payload["retrying"], false);
    assert!(
        payload["reason"]
            .as_str()
            .unwrap()
            .contains("apiVersion is missing")
    );
    world.clock.advance(TimeDelta::hours(1));
    world.reconcile().await;
    world.reconcile().await;
    assert_eq!(world.attempts().await.len(), 2);
    let state = world.state().await;
    assert_eq!(
        (state.sync, state.operation),
        (SyncStatus::OutOfSync, Operation::Failed)
    );
    assert_eq!(world.read(A), Some(config("a", "1")));
    let refused = world
        .service
        .sync(&ada(), SyncGitOps::of(state.id))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::InvalidManifest);
    assert_eq!(refused.findings()[0].file, "a.yaml");
    world.declare(&[("a", "2")]).await;
    world.reconcile().await;
    assert_eq!(world.state().await.sync, SyncStatus::Synced);
    assert_eq!(world.state().await.reason, None);
}

async fn an_obstacle_is_tried_five_times_and_again_when_it_is_gone(backend: Backend) {
    let world = world(backend).await;
    world.write(&format!("{A}/inside"), "in the way");
    world.promote(&[("a", "1"), ("b", "1")]).await;
    assert_eq!(world.reconcile().await, 0, "it waits");
    for _ in 0..10 {
        world.clock.advance(TimeDelta::minutes(5));
        world.reconcile().await;
    }
    let attempts = world.attempts().await;
    assert_eq!(attempts.len(), 5);
    assert!(
        attempts
            .iter()
            .all(|attempt| attempt.outcome == AttemptOutcome::Failed)
    );
    assert_eq!(attempts[0].applied, 1);
    let failed: Vec<bool> = world
        .events()
        .await
        .iter()
        .filter(|event| event.event_type == "GitOpsSyncFailed")
        .map(|event| event.payload["retrying"].as_bool().unwrap())
        .collect();
    assert_eq!(failed, [true, true, true, true, false]);
    let state = world.state().await;
    assert_eq!(state.operation, Operation::Failed);
    assert!(
        state
            .reason
            .as_ref()
            .unwrap()
            .contains("a folder stands in its place")
    );
    assert_eq!(state.drift.len(), 1);
    assert_eq!(state.drift[0].classification, Classification::FailedSync);
    std::fs::remove_dir_all(world.folder.join(A)).unwrap();
    world.reconcile().await;
    let state = world.state().await;
    assert_eq!(
        (state.sync, state.operation),
        (SyncStatus::Synced, Operation::Idle)
    );
    assert_eq!(world.last_event().await.0, "GitOpsSynced");
}

async fn git_that_declares_nothing_prunes_only_by_command(backend: Backend) {
    let world = world(backend).await;
    world.promote(&[("a", "1")]).await;
    world.declare(&[]).await;
    world.reconcile().await;
    world.reconcile().await;
    let state = world.state().await;
    assert_eq!(world.attempts().await.len(), 2);
    assert!(world.read(A).is_some());
    let payload = world.last_of("GitOpsSyncFailed").await;
    assert_eq!(
        (&payload["code"], &payload["retrying"]),
        (&"FAILED_PRECONDITION".into(), &false.into())
    );
    let refused = world
        .service
        .sync(&ada(), SyncGitOps::of(state.id))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::FailedPrecondition);
    let command = SyncGitOps {
        allow_empty: Some(true),
        ..SyncGitOps::of(state.id)
    };
    let done = world.service.sync(&ada(), command).await.unwrap();
    assert!(!done.replayed && done.value.sync == SyncStatus::Synced);
    assert!(world.read(A).is_none());
}

async fn a_target_that_is_no_folder_is_unknown_and_its_promotion_fails(backend: Backend) {
    let world = world(backend).await;
    let place = world.folder.parent().unwrap();
    std::fs::create_dir_all(place).unwrap();
    std::os::unix::fs::symlink("/", &world.folder).unwrap();
    world.promote(&[("a", "1")]).await;
    let state = world.state().await;
    assert_eq!(
        (state.sync, state.health),
        (SyncStatus::Unknown, HealthStatus::Unknown)
    );
    assert_eq!(world.last_event().await.0, "GitOpsSyncFailed");
    for _ in 0..6 {
        world.clock.advance(TimeDelta::minutes(5));
        world.reconcile().await;
    }
    assert_eq!(world.attempts().await.len(), 5);
    assert_eq!(world.last_event().await.1["retrying"], false);
    let refused = world
        .service
        .sync(&ada(), SyncGitOps::of(state.id))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Internal);
    std::fs::remove_file(&world.folder).unwrap();
    world.clock.advance(TimeDelta::minutes(5));
    world.reconcile().await;
    assert_eq!(world.state().await.sync, SyncStatus::Synced);
}

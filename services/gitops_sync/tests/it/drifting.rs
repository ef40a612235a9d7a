use std::sync::atomic::Ordering;

use sluice_gitops_sync::{
    Cause, Classification, DriftChange, HealthStatus, PauseGitOps, SyncStatus,
};
use sluice_testkit::{Backend, on_both_databases};

use crate::world::*;

on_both_databases!(
    an_edit_is_reported_once_with_its_diff_and_left_alone,
    an_edit_heals_when_the_environment_says_so,
    an_edit_that_was_left_alone_heals_once_the_environment_says_so,
    a_deleted_object_is_reported_and_heals,
    an_edit_that_is_undone_by_hand_is_synced_again,
    a_strangers_file_is_reported_and_keeps_nothing_out_of_step,
    a_secret_is_never_in_the_drift,
    while_paused_what_git_declares_is_pending,
    health_follows_what_agents_record_and_getting_well_is_announced,
    nothing_is_written_when_nothing_changes,
);

const A: &str = "configmap.shop.a.yaml";

async fn an_edit_is_reported_once_with_its_diff_and_left_alone(backend: Backend) {
    let world = world(backend).await;
    world.promote(&[("a", "1"), ("b", "1")]).await;
    world.write(A, &config("a", "9"));
    world.reconcile().await;
    world.reconcile().await;
    let state = world.state().await;
    assert_eq!(state.sync, SyncStatus::OutOfSync);
    assert_eq!(state.drift.len(), 1);
    let item = &state.drift[0];
    assert_eq!(item.object, "ConfigMap/shop/a");
    assert_eq!(item.classification, Classification::ManualEdit);
    assert_eq!(item.change, DriftChange::Modified);
    assert!(
        item.diff.contains("-  value: \"1\"\n+  value: \"9\"\n"),
        "{}",
        item.diff
    );
    assert_eq!(world.event_types().await, ["GitOpsSynced", "DriftDetected"]);
    let (_, payload) = world.last_event().await;
    assert_eq!(payload["total"], 1);
    assert_eq!(payload["objects"][0]["classification"], "MANUAL_EDIT");
    assert_eq!(world.read(A), Some(config("a", "9")));
    // Another edit is other drift.
    world.write(A, "{ not yaml");
    world.reconcile().await;
    assert_eq!(world.event_types().await.len(), 3);
}

async fn an_edit_heals_when_the_environment_says_so(backend: Backend) {
    let world = world(backend).await;
    world.promote(&[("a", "1")]).await;
    world.environments.heals.store(true, Ordering::SeqCst);
    world.write(A, &config("a", "9"));
    assert_eq!(world.reconcile().await, 1);
    assert_eq!(world.read(A), Some(config("a", "1")));
    assert_eq!(
        world.event_types().await,
        ["GitOpsSynced", "DriftDetected", "GitOpsSynced"]
    );
    let (_, payload) = world.last_event().await;
    assert_eq!(payload["cause"], "SELF_HEAL");
    assert_eq!(world.attempts().await[1].cause, Cause::SelfHeal);
    let state = world.state().await;
    assert!(state.drift.is_empty() && state.sync == SyncStatus::Synced);
    // The same edit again is drift again.
    world.write(A, &config("a", "9"));
    world.reconcile().await;
    assert_eq!(world.event_types().await.len(), 5);
}

async fn an_edit_that_was_left_alone_heals_once_the_environment_says_so(backend: Backend) {
    let world = world(backend).await;
    world.promote(&[("a", "1")]).await;
    world.write(A, &config("a", "9"));
    world.reconcile().await;
    assert_eq!(world.reconcile().await, 0);
    world.environments.heals.store(true, Ordering::SeqCst);
    assert_eq!(world.reconcile().await, 1);
    assert_eq!(world.read(A), Some(config("a", "1")));
    assert_eq!(
        world.event_types().await,
        ["GitOpsSynced", "DriftDetected", "GitOpsSynced"]
    );
}

async fn a_deleted_object_is_reported_and_heals(backend: Backend) {
    let world = world(backend).await;
    world.promote(&[("a", "1"), ("b", "1")]).await;
    std::fs::remove_file(world.folder.join(A)).unwrap();
    world.reconcile().await;
    let state = world.state().await;
    assert_eq!(state.drift[0].change, DriftChange::Missing);
    assert_eq!(state.drift[0].classification, Classification::ManualEdit);
    assert_eq!(state.health, HealthStatus::Missing);
    world.environments.heals.store(true, Ordering::SeqCst);
    std::fs::remove_file(world.folder.join("configmap.shop.b.yaml")).unwrap();
    world.reconcile().await;
    assert!(world.read(A).is_some());
    assert_eq!(world.state().await.health, HealthStatus::Healthy);
}

async fn an_edit_that_is_undone_by_hand_is_synced_again(backend: Backend) {
    let world = world(backend).await;
    world.promote(&[("a", "1")]).await;
    world.write(A, &config("a", "9"));
    world.reconcile().await;
    world.write(A, &config("a", "1"));
    world.reconcile().await;
    let state = world.state().await;
    assert!(state.drift.is_empty() && state.sync == SyncStatus::Synced);
    let (kind, payload) = world.last_event().await;
    assert_eq!(
        (kind.as_str(), &payload["cause"]),
        ("GitOpsSynced", &"TIMER".into())
    );
    assert_eq!(world.attempts().await.len(), 1);
}

async fn a_strangers_file_is_reported_and_keeps_nothing_out_of_step(backend: Backend) {
    let world = world(backend).await;
    world.promote(&[("a", "1")]).await;
    world.environments.heals.store(true, Ordering::SeqCst);
    world.write("mine.yaml", &config("mine", "1"));
    world.reconcile().await;
    world.reconcile().await;
    let state = world.state().await;
    assert_eq!(state.sync, SyncStatus::Synced);
    assert_eq!(state.drift[0].change, DriftChange::Extra);
    assert_eq!(world.event_types().await, ["GitOpsSynced", "DriftDetected"]);
    assert!(world.read("mine.yaml").is_some());
    assert_eq!(world.attempts().await.len(), 1);
}

async fn a_secret_is_never_in_the_drift(backend: Backend) {
    let world = world(backend).await;
    let secret = |value: &str| config("key", value).replace("ConfigMap", "Secret");
    let files = [("key.yaml".to_owned(), secret("hunter2"))];
    let commit = world.declare_files(&files).await;
    world.handle(&world.promotion(&commit, "sha256:x")).await;
    world.write("secret.shop.key.yaml", &secret("hunter3"));
    world.reconcile().await;
    let state = world.state().await;
    assert_eq!(state.drift.len(), 1);
    assert!(!format!("{state:?}").contains("hunter"));
}

async fn while_paused_what_git_declares_is_pending(backend: Backend) {
    let world = world(backend).await;
    world.promote(&[("a", "1"), ("b", "1")]).await;
    let sync_id = world.state().await.id;
    let reason = "looking into it".to_owned();
    world
        .service
        .pause(&ada(), PauseGitOps { sync_id, reason })
        .await
        .unwrap();
    world.promote(&[("a", "2"), ("c", "1")]).await;
    world.write("configmap.shop.b.yaml", "edited");
    world.reconcile().await;
    let state = world.state().await;
    let found: Vec<_> = state
        .drift
        .iter()
        .map(|item| (item.object.as_str(), item.classification, item.change))
        .collect();
    assert_eq!(
        found,
        [
            (
                "ConfigMap/shop/a",
                Classification::PendingPromotion,
                DriftChange::Modified
            ),
            (
                "ConfigMap/shop/b",
                Classification::ManualEdit,
                DriftChange::Extra
            ),
            (
                "ConfigMap/shop/c",
                Classification::PendingPromotion,
                DriftChange::Missing
            ),
        ]
    );
    assert_eq!(state.sync, SyncStatus::OutOfSync);
    assert_eq!(world.attempts().await.len(), 1);
    let types = world.event_types().await;
    assert_eq!(types.last().map(String::as_str), Some("DriftDetected"));
}

async fn health_follows_what_agents_record_and_getting_well_is_announced(backend: Backend) {
    let world = world(backend).await;
    world.promote(&[("a", "1")]).await;
    let record = |health: &str| {
        let now = chrono::Utc::now().to_rfc3339();
        let text = format!(r#"{{"health": "{health}", "observedAt": "{now}"}}"#);
        world.write("status/configmap.shop.a.json", &text);
    };
    record("DEGRADED");
    world.reconcile().await;
    let state = world.state().await;
    assert_eq!(
        (state.sync, state.health),
        (SyncStatus::Synced, HealthStatus::Degraded)
    );
    assert_eq!(world.event_types().await.len(), 1);
    record("HEALTHY");
    world.reconcile().await;
    let (kind, payload) = world.last_event().await;
    assert_eq!(
        (kind.as_str(), &payload["health"]),
        ("GitOpsSynced", &"HEALTHY".into())
    );
    assert_eq!(world.event_types().await.len(), 2);
}

async fn nothing_is_written_when_nothing_changes(backend: Backend) {
    let world = world(backend).await;
    world.promote(&[("a", "1")]).await;
    world.reconcile().await;
    let before = world.state().await;
    assert_eq!(world.reconcile().await, 0);
    assert_eq!(world.state().await, before);
    world.write(A, "edited");
    assert_eq!(world.reconcile().await, 1);
    let before = world.state().await;
    assert_eq!(world.reconcile().await, 0);
    assert_eq!(world.state().await, before);
}

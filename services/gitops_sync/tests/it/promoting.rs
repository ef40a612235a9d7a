use sluice_gitops_sync::{AttemptOutcome, Cause, HealthStatus, Operation, SyncStatus};
use sluice_kernel::directory::SyncDirectory;
use sluice_schema::{EventPayload, events::DeploymentPromoted};
use sluice_testkit::{Backend, on_both_databases};

use crate::world::*;

on_both_databases!(
    what_a_promotion_declares_is_applied_and_announced,
    an_event_that_comes_twice_has_one_effect,
    an_event_that_comes_twice_at_once_has_one_effect,
    a_second_version_changes_and_prunes,
    of_promotions_that_arrive_in_the_wrong_order_the_later_one_stays,
    the_same_content_promoted_again_is_announced_for_the_new_promotion,
    provisioned_infrastructure_applies_what_stands_on_it_once_more,
    provisioned_infrastructure_of_an_unknown_module_is_no_error,
    a_commit_to_the_branch_is_followed_without_a_promotion,
    a_commit_elsewhere_in_the_repository_changes_nothing,
    the_description_of_a_manifest_is_no_object,
    what_is_declared_while_something_else_is_applied_is_applied_as_well,
);

async fn what_a_promotion_declares_is_applied_and_announced(backend: Backend) {
    let world = world(backend).await;
    let (commit, event) = world.promote(&[("a", "1"), ("b", "1")]).await;
    let state = world.state().await;
    assert_eq!(state.sync, SyncStatus::Synced);
    assert_eq!(state.health, HealthStatus::Healthy);
    assert_eq!(state.operation, Operation::Idle);
    assert_eq!(state.desired.revision, commit);
    assert_eq!(state.applied.as_ref(), Some(&state.desired));
    assert_eq!(world.read("configmap.shop.a.yaml"), Some(config("a", "1")));
    let events = world.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].event_type, "GitOpsSynced");
    assert_eq!(events[0].causation_id, Some(event.event_id));
    assert_eq!(events[0].trace_id, event.trace_id);
    assert_eq!(events[0].correlation_id, event.correlation_id);
    let payload = &events[0].payload;
    assert_eq!(payload["revision"], commit.as_str());
    assert_eq!(payload["manifestDigest"], format!("sha256:{commit}"));
    assert_eq!(payload["promotionId"], event.payload["promotionId"]);
    assert_eq!(payload["cause"], "PROMOTION");
    assert_eq!(
        (payload["applied"].as_u64(), payload["attempt"].as_u64()),
        (Some(2), Some(1))
    );
    let view = world
        .service
        .syncs(&ada(), state.environment_id)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        (view.sync.as_str(), view.health.as_str()),
        ("SYNCED", "HEALTHY")
    );
    assert_eq!(view.revision, Some(commit.clone()));
    assert_eq!(view.manifest_digest, Some(format!("sha256:{commit}")));
    let attempts = world.attempts().await;
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].outcome, AttemptOutcome::Succeeded);
    assert_eq!(attempts[0].cause, Cause::Promotion);
    assert_eq!(attempts[0].applied, 2);
}

async fn an_event_that_comes_twice_has_one_effect(backend: Backend) {
    let world = world(backend).await;
    let (_, event) = world.promote(&[("a", "1")]).await;
    world.handle(&event).await;
    assert_eq!(world.event_types().await, ["GitOpsSynced"]);
    assert_eq!(world.attempts().await.len(), 1);
    assert_eq!(world.reconcile().await, 0);
}

async fn an_event_that_comes_twice_at_once_has_one_effect(backend: Backend) {
    let world = world(backend).await;
    let commit = world.declare(&[("a", "1")]).await;
    let event = world.promotion(&commit, "sha256:x");
    tokio::join!(
        world.handle(&event),
        world.handle(&event),
        world.handle(&event)
    );
    world.reconcile().await;
    assert_eq!(world.event_types().await, ["GitOpsSynced"]);
    assert_eq!(world.attempts().await.len(), 1);
}

async fn a_second_version_changes_and_prunes(backend: Backend) {
    let world = world(backend).await;
    world.promote(&[("a", "1"), ("b", "1")]).await;
    let (commit, _) = world.promote(&[("a", "2"), ("c", "1")]).await;
    let (kind, payload) = world.last_event().await;
    assert_eq!(kind, "GitOpsSynced");
    assert_eq!(
        (payload["applied"].as_u64(), payload["pruned"].as_u64()),
        (Some(2), Some(1))
    );
    assert_eq!(
        world.state().await.applied.as_ref().unwrap().revision,
        commit
    );
    assert_eq!(world.read("configmap.shop.b.yaml"), None);
    assert_eq!(world.event_types().await, ["GitOpsSynced"; 2]);
}

async fn of_promotions_that_arrive_in_the_wrong_order_the_later_one_stays(backend: Backend) {
    let world = world(backend).await;
    let first = world.declare(&[("a", "1")]).await;
    let first = world.promotion(&first, "sha256:1");
    let second = world.declare(&[("a", "2")]).await;
    let second = world.promotion(&second, "sha256:2");
    world.handle(&second).await;
    world.handle(&first).await;
    let decoded = second.decode::<DeploymentPromoted>().unwrap().unwrap();
    let state = world.state().await;
    assert_eq!(state.promoted.promotion_id, decoded.promotion_id);
    assert_eq!(world.event_types().await, ["GitOpsSynced"]);
    let found = world
        .service
        .find_by_promotions(&ada(), &[decoded.promotion_id])
        .await;
    assert_eq!(found.unwrap()[&decoded.promotion_id].len(), 1);
    assert_eq!(DeploymentPromoted::TYPE, second.event_type);
}

async fn the_same_content_promoted_again_is_announced_for_the_new_promotion(backend: Backend) {
    let world = world(backend).await;
    let (commit, _) = world.promote(&[("a", "1")]).await;
    let again = world.promotion(&commit, "sha256:again");
    world.handle(&again).await;
    let (kind, payload) = world.last_event().await;
    assert_eq!(kind, "GitOpsSynced");
    assert_eq!(payload["promotionId"], again.payload["promotionId"]);
    assert_eq!(payload["manifestDigest"], "sha256:again");
    assert_eq!(payload["applied"], 0);
}

async fn provisioned_infrastructure_applies_what_stands_on_it_once_more(backend: Backend) {
    let world = world(backend).await;
    world.promote(&[("a", "1")]).await;
    let event = world.provisioned();
    world.handle(&event).await;
    world.handle(&event).await;
    let events = world.events().await;
    assert_eq!(events.len(), 2);
    assert_eq!(events[1].causation_id, Some(event.event_id));
    assert_eq!(events[1].payload["cause"], "INFRASTRUCTURE");
    assert_eq!(world.attempts().await.len(), 2);
}

async fn provisioned_infrastructure_of_an_unknown_module_is_no_error(backend: Backend) {
    let world = world(backend).await;
    world.handle(&world.provisioned()).await;
    assert!(world.events().await.is_empty());
}

async fn a_commit_to_the_branch_is_followed_without_a_promotion(backend: Backend) {
    let world = world(backend).await;
    world.promote(&[("a", "1")]).await;
    let commit = world.declare(&[("a", "2")]).await;
    assert_eq!(world.reconcile().await, 1);
    let (kind, payload) = world.last_event().await;
    assert_eq!(
        (kind.as_str(), &payload["cause"]),
        ("GitOpsSynced", &"TIMER".into())
    );
    assert_eq!(payload["revision"], commit.as_str());
    assert!(payload["promotionId"].is_null());
    assert!(
        world
            .read("configmap.shop.a.yaml")
            .unwrap()
            .contains("\"2\"")
    );
    // What Git then declares again is the promotion's content.
    world.declare(&[("a", "1")]).await;
    world.reconcile().await;
    let state = world.state().await;
    let applied = state.applied.as_ref().unwrap();
    assert_eq!(applied.revision, state.promoted.commit_sha);
    assert_eq!(applied.digest, state.promoted.manifest_digest);
    assert_eq!(world.reconcile().await, 0);
}

async fn a_commit_elsewhere_in_the_repository_changes_nothing(backend: Backend) {
    let world = world(backend).await;
    let (commit, _) = world.promote(&[("a", "1")]).await;
    world
        .declare_files(&[
            ("a.yaml".to_owned(), config("a", "1")),
            ("README.md".to_owned(), "nothing to apply".to_owned()),
        ])
        .await;
    world.reconcile().await;
    assert_eq!(world.event_types().await, ["GitOpsSynced"]);
    assert_eq!(world.state().await.desired.revision, commit);
    assert_eq!(world.attempts().await.len(), 1);
}

async fn the_description_of_a_manifest_is_no_object(backend: Backend) {
    let world = world(backend).await;
    let files = [
        ("00-configmap-a.yaml".to_owned(), config("a", "1")),
        (
            "manifest.json".to_owned(),
            "{\"release\": \"1.0.0\"}".to_owned(),
        ),
    ];
    let commit = world.declare_files(&files).await;
    world.handle(&world.promotion(&commit, "sha256:x")).await;
    assert_eq!(world.event_types().await, ["GitOpsSynced"]);
}

async fn what_is_declared_while_something_else_is_applied_is_applied_as_well(backend: Backend) {
    let world = world(backend).await;
    world.promote(&[("a", "0")]).await;
    for round in 1..=15 {
        let value = round.to_string();
        let provisioned = world.provisioned();
        let promoted = async {
            let commit = world.declare(&[("a", &value)]).await;
            let event = world.promotion(&commit, &format!("sha256:{commit}"));
            world.handle(&event).await;
        };
        tokio::join!(world.handle(&provisioned), promoted);
        world.reconcile().await;
        assert_eq!(
            world.read("configmap.shop.a.yaml"),
            Some(config("a", &value))
        );
        let state = world.state().await;
        assert_eq!(state.sync, SyncStatus::Synced, "round {round}: {state:?}");
        assert_eq!(
            state.applied.as_ref(),
            Some(&state.desired),
            "round {round}"
        );
    }
}

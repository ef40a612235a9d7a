use chrono::TimeDelta;
use sluice_environment_promotion::{EnvironmentPromotion, PromotionStatus};
use sluice_schema::{
    Envelope, PromotionId, TypedId,
    events::{GitOpsSyncFailed, GitOpsSynced},
};
use sluice_testkit::{Backend, event};

use crate::world::{World, web};

fn synced(world: &World, promotion: &EnvironmentPromotion) -> Envelope {
    let payload = GitOpsSynced {
        sync_id: TypedId::generate(),
        environment_id: promotion.environment_id,
        environment: promotion.environment.clone(),
        module: "shop".into(),
        revision: promotion.commit_sha.clone().unwrap(),
        manifest_digest: promotion.items[0].manifest_digest.clone(),
        promotion_id: Some(promotion.id),
        health: "HEALTHY".into(),
        cause: "PROMOTION".into(),
        attempt: 1,
        applied: 1,
        pruned: 0,
    };
    event(&world.ctx, &web(), None, &payload)
}

fn failed(
    world: &World,
    promotion: &EnvironmentPromotion,
    of: Option<PromotionId>,
    retrying: bool,
) -> Envelope {
    let payload = GitOpsSyncFailed {
        sync_id: TypedId::generate(),
        environment_id: promotion.environment_id,
        environment: promotion.environment.clone(),
        module: "shop".into(),
        revision: promotion.commit_sha.clone().unwrap(),
        promotion_id: of,
        attempt: 5,
        code: "INVALID_MANIFEST".into(),
        reason: "the target refused it".into(),
        retrying,
    };
    event(&world.ctx, &web(), None, &payload)
}

async fn promoted(world: &World) -> EnvironmentPromotion {
    let release = world.shop("1.0.0").await;
    let promotion = world.promote(&release, "dev").await.unwrap().value;
    world.drain().await;
    (*promotion).clone()
}

async fn a_synchronised_target_ends_the_promotion_once(backend: Backend) {
    let world = World::new(backend).await;
    let promotion = promoted(&world).await;
    let event = synced(&world, &promotion);
    // What counts is what the target holds, not what an event says.
    world.handle(&event).await;
    assert_eq!(
        world.get(promotion.id).await.status,
        PromotionStatus::Verifying
    );
    world.follow(&promotion);
    tokio::join!(
        world.handle(&event),
        world.handle(&event),
        world.handle(&event)
    );
    world.handle(&event).await;
    assert_eq!(
        world.get(promotion.id).await.status,
        PromotionStatus::Succeeded
    );
    assert_eq!(world.drained_types().await, ["PromotionSucceeded"]);
}

async fn a_target_with_other_content_or_bad_health_does_not_count(backend: Backend) {
    let world = World::new(backend).await;
    let promotion = promoted(&world).await;
    let digest = promotion.items[0].manifest_digest.clone();
    let commit = promotion.commit_sha.clone().unwrap();
    let root = world.gitops.root.to_string();
    for (held, health) in [
        ((Some("sha256:other"), None), "HEALTHY"),
        ((None, None), "HEALTHY"),
        ((None, Some(root.as_str())), "HEALTHY"),
        ((None, Some("nonsense")), "HEALTHY"),
        ((Some(digest.as_str()), None), "PROGRESSING"),
    ] {
        world.hold_in_target(&promotion, "shop", held, health);
        assert_eq!(world.recover().await, 0, "{held:?} {health}");
    }
    // A target that names its content otherwise tells by the commit that it applied.
    world.hold_in_target(
        &promotion,
        "shop",
        (Some("sha256:other"), Some(&commit)),
        "HEALTHY",
    );
    assert_eq!(world.recover().await, 1);
    assert_eq!(
        world.get(promotion.id).await.status,
        PromotionStatus::Succeeded
    );
}

async fn a_target_that_does_not_follow_in_time_fails_the_promotion(backend: Backend) {
    let world = World::new(backend).await;
    let promotion = promoted(&world).await;
    let digest = promotion.items[0].manifest_digest.clone();
    world.hold_in_target(&promotion, "shop", (Some(&digest), None), "DEGRADED");
    world.clock.advance(TimeDelta::minutes(9));
    assert_eq!(world.recover().await, 0);
    world.clock.advance(TimeDelta::minutes(1));
    assert_eq!(world.recover().await, 1);
    let ended = world.get(promotion.id).await;
    assert_eq!(ended.status, PromotionStatus::Failed);
    assert_eq!(ended.code.as_deref(), Some("DEADLINE_EXCEEDED"));
    assert!(ended.reason.as_ref().unwrap().contains("DEGRADED"));
    assert_eq!(world.drained_types().await, ["PromotionFailed"]);
    // Its place is free, and what failed may be tried again; Git declares it already.
    let release = world.facts.releases.lock().unwrap()[&promotion.release_id].clone();
    let head = world.head().await;
    let again = world.promote(&release, "dev").await.unwrap().value;
    assert_eq!(
        (again.attempt, again.status),
        (2, PromotionStatus::Verifying)
    );
    assert_eq!(world.head().await, head);
}

async fn only_the_final_failure_of_its_own_synchronisation_fails_the_promotion(backend: Backend) {
    let world = World::new(backend).await;
    let promotion = promoted(&world).await;
    let other = Some(PromotionId::generate());
    world
        .handle(&failed(&world, &promotion, Some(promotion.id), true))
        .await;
    world
        .handle(&failed(&world, &promotion, other, false))
        .await;
    assert_eq!(
        world.get(promotion.id).await.status,
        PromotionStatus::Verifying
    );
    let last = failed(&world, &promotion, Some(promotion.id), false);
    world.handle(&last).await;
    world.handle(&last).await;
    let ended = world.get(promotion.id).await;
    assert_eq!(ended.status, PromotionStatus::Failed);
    assert_eq!(ended.code.as_deref(), Some("INVALID_MANIFEST"));
    assert_eq!(world.drained_types().await, ["PromotionFailed"]);
}

sluice_testkit::on_both_databases!(
    a_synchronised_target_ends_the_promotion_once,
    a_target_with_other_content_or_bad_health_does_not_count,
    a_target_that_does_not_follow_in_time_fails_the_promotion,
    only_the_final_failure_of_its_own_synchronisation_fails_the_promotion,
);

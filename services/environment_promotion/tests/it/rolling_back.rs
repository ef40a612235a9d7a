use chrono::TimeDelta;
use futures::future::join_all;
use sluice_environment_promotion::{Freeze, PromotionKind, PromotionStatus, ResumeEnvironment};
use sluice_schema::{
    BlockerCode, ErrorCode, Fault,
    events::{DeploymentPromoted, EnvironmentHeld, EnvironmentRolledBack},
};
use sluice_testkit::{Backend, GitWrite};

use crate::world::{World, codes, start, to_roll_back, web};

const ANNOUNCED: [&str; 4] = [
    "PromotionRequested",
    "DeploymentPromoted",
    "EnvironmentRolledBack",
    "EnvironmentHeld",
];

async fn a_rollback_declares_the_content_before_and_holds_the_module(backend: Backend) {
    let world = World::new(backend).await;
    let (one, two) = (world.shop("1.0.0").await, world.shop("2.0.0").await);
    let first = world.succeed(&one, "dev").await;
    let second = world.succeed(&two, "dev").await;
    let back = world.rollback("dev").await.unwrap().value;
    assert_eq!(
        (back.kind, back.status),
        (PromotionKind::Rollback, PromotionStatus::Verifying)
    );
    assert_eq!(
        (back.rollback_of, back.restored),
        (Some(second.id), Some(first.id))
    );
    assert_eq!((back.release_id, back.attempt), (one.id, 2));
    assert_eq!(world.shop_in("dev").await.unwrap(), "dev 1.0.0");
    assert_eq!(
        world.get(second.id).await.status,
        PromotionStatus::RolledBack
    );
    let events = world.drain().await;
    let types: Vec<_> = events.iter().map(|it| it.event_type.as_str()).collect();
    assert_eq!(types, ANNOUNCED);
    let promoted: DeploymentPromoted = events[1].decode().unwrap().unwrap();
    assert_eq!(
        (promoted.kind.as_str(), promoted.rollback_of),
        ("ROLLBACK", Some(second.id))
    );
    let rolled: EnvironmentRolledBack = events[2].decode().unwrap().unwrap();
    assert_eq!((rolled.rolled_back, rolled.restored), (second.id, first.id));
    let held: EnvironmentHeld = events[3].decode().unwrap().unwrap();
    assert_eq!(
        (held.held_by.as_str(), held.module.as_deref()),
        ("ada", Some("shop"))
    );
    assert_eq!(held.promotion_id, Some(back.id));
}

async fn nothing_comes_back_over_a_rollback_until_it_is_resumed(backend: Backend) {
    let world = World::new(backend).await;
    let (one, two) = (world.shop("1.0.0").await, world.shop("2.0.0").await);
    world.succeed(&one, "dev").await;
    world.succeed(&two, "dev").await;
    let back = world.rollback("dev").await.unwrap().value;
    world.follow(&back);
    world.recover().await;
    let refused = world.promote(&two, "dev").await.unwrap_err();
    assert_eq!(codes(&refused), [BlockerCode::Hold]);
    // A newer release waits, also where the environment promotes by itself.
    let three = world.release("3.0.0", &["shop"]);
    let manifest = world.render(&three, "dev", "shop", "dev 3.0.0").await;
    world.handle(&world.rendered(&manifest, "3.0.0")).await;
    let again = world
        .facts
        .manifests
        .lock()
        .unwrap()
        .iter()
        .find(|it| it.release_id == two.id)
        .cloned();
    world
        .handle(&world.rendered(&again.unwrap(), "2.0.0"))
        .await;
    world.recover().await;
    world.recover().await;
    assert_eq!(world.shop_in("dev").await.unwrap(), "dev 1.0.0");
    let resume = ResumeEnvironment {
        environment_id: None,
        project_id: Some(web()),
        environment: Some("dev".into()),
        module: None,
    };
    world.environments.resume(&world.ctx, resume).await.unwrap();
    world.recover().await;
    assert_eq!(world.shop_in("dev").await.unwrap(), "dev 3.0.0");
}

async fn rolling_back_again_goes_further_back_and_ends_at_the_first(backend: Backend) {
    let world = World::new(backend).await;
    let mut promotions = Vec::new();
    for version in ["1.0.0", "2.0.0", "3.0.0"] {
        let release = world.shop(version).await;
        promotions.push(world.succeed(&release, "dev").await);
    }
    for (expected, restored) in [("dev 2.0.0", 1), ("dev 1.0.0", 0)] {
        let back = world.rollback("dev").await.unwrap().value;
        assert_eq!(back.restored, Some(promotions[restored].id));
        assert_eq!(world.shop_in("dev").await.unwrap(), expected);
        world.follow(&back);
        world.recover().await;
        assert_eq!(world.get(back.id).await.status, PromotionStatus::Succeeded);
    }
    let refused = world.rollback("dev").await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::FailedPrecondition);
    assert_eq!(world.shop_in("dev").await.unwrap(), "dev 1.0.0");
}

async fn a_rollback_leaves_what_never_became_healthy(backend: Backend) {
    let world = World::new(backend).await;
    let (one, two) = (world.shop("1.0.0").await, world.shop("2.0.0").await);
    world.succeed(&one, "dev").await;
    let second = world.promote(&two, "dev").await.unwrap().value;
    let refused = world.rollback("dev").await.unwrap_err();
    assert_eq!(codes(&refused), [BlockerCode::PromotionInProgress]);
    world.clock.advance(TimeDelta::minutes(10));
    world.recover().await;
    assert_eq!(world.get(second.id).await.status, PromotionStatus::Failed);
    let back = world.rollback("dev").await.unwrap().value;
    assert_eq!(back.rollback_of, Some(second.id));
    assert_eq!(world.shop_in("dev").await.unwrap(), "dev 1.0.0");
}

async fn fifty_equal_rollbacks_are_one(backend: Backend) {
    let world = World::new(backend).await;
    let (one, two) = (world.shop("1.0.0").await, world.shop("2.0.0").await);
    world.succeed(&one, "dev").await;
    world.succeed(&two, "dev").await;
    let outcomes = join_all((0..50).map(|_| world.rollback("dev"))).await;
    let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|it| it.replayed).count(), 49);
    assert!(
        outcomes
            .iter()
            .all(|it| it.value.id == outcomes[0].value.id)
    );
    assert_eq!(world.drained_types().await, ANNOUNCED);
}

async fn a_crash_of_a_rollback_is_finished_with_its_hold(backend: Backend) {
    for after in [false, true] {
        let world = World::new(backend).await;
        let (one, two) = (world.shop("1.0.0").await, world.shop("2.0.0").await);
        world.succeed(&one, "dev").await;
        let second = world.succeed(&two, "dev").await;
        match after {
            true => world.git.fail_after(GitWrite::UpdateRef),
            false => world.git.fail_before(GitWrite::UpdateRef),
        }
        let left = world.rollback("dev").await.unwrap().value;
        assert_eq!(left.status, PromotionStatus::Running);
        assert_eq!(
            world.get(second.id).await.status,
            PromotionStatus::Succeeded
        );
        world.recover().await;
        assert_eq!(
            world.get(second.id).await.status,
            PromotionStatus::RolledBack
        );
        assert_eq!(world.environment("dev").await.holds.len(), 1);
        assert_eq!(world.drained_types().await, ANNOUNCED);
    }
}

async fn a_frozen_environment_is_rolled_back_only_by_override(backend: Backend) {
    let world = World::new(backend).await;
    let (one, two) = (world.shop("1.0.0").await, world.shop("2.0.0").await);
    world.succeed(&one, "dev").await;
    world.succeed(&two, "dev").await;
    let freeze = Freeze {
        name: "audit".into(),
        reason: "the books are closed".into(),
        from: Some(start()),
        until: Some(start() + TimeDelta::hours(2)),
        ..Freeze::default()
    };
    world.gates("dev", |it| it.freezes = vec![freeze]).await;
    let refused = world.rollback("dev").await.unwrap_err();
    assert_eq!(codes(&refused), [BlockerCode::Freeze]);
    let mut command = to_roll_back("dev");
    command.overrides = vec![BlockerCode::Freeze];
    command.override_reason = Some("customers cannot pay".into());
    world
        .promotions
        .rollback(&world.ctx, command)
        .await
        .unwrap();
    assert_eq!(world.shop_in("dev").await.unwrap(), "dev 1.0.0");
}

async fn a_rejected_release_does_not_come_back(backend: Backend) {
    let world = World::new(backend).await;
    let (mut one, two) = (world.shop("1.0.0").await, world.shop("2.0.0").await);
    world.succeed(&one, "dev").await;
    world.succeed(&two, "dev").await;
    one.status = "REJECTED".into();
    world.put_release(&one);
    let refused = world.rollback("dev").await.unwrap_err();
    assert_eq!(codes(&refused), [BlockerCode::ReleaseClosed]);
}

async fn a_rollback_names_where_to_and_what_does_not_fit_is_refused(backend: Backend) {
    let world = World::new(backend).await;
    let nothing = world.rollback("dev").await.unwrap_err();
    assert_eq!(nothing.code(), ErrorCode::FailedPrecondition);
    let one = world.shop("1.0.0").await;
    let first = world.succeed(&one, "dev").await;
    let elsewhere = world.succeed(&one, "test").await;
    for version in ["2.0.0", "3.0.0"] {
        let release = world.shop(version).await;
        world.succeed(&release, "dev").await;
    }
    let to = async |id| {
        let mut command = to_roll_back("dev");
        command.to = Some(id);
        world.promotions.rollback(&world.ctx, command).await
    };
    let refused = to(elsewhere.id).await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.field().as_deref()),
        (ErrorCode::FailedPrecondition, Some("to"))
    );
    let missing = to(sluice_schema::TypedId::generate()).await.unwrap_err();
    assert_eq!(
        (missing.code(), missing.field().as_deref()),
        (ErrorCode::NotFound, Some("to"))
    );
    let back = to(first.id).await.unwrap();
    assert_eq!(world.shop_in("dev").await.unwrap(), "dev 1.0.0");
    world.follow(&back.value);
    world.recover().await;
    assert!(to(first.id).await.unwrap().replayed);
}

async fn modules_that_were_not_promoted_together_are_rolled_back_one_by_one(backend: Backend) {
    let world = World::new(backend).await;
    let (one, two) = (world.shop("1.0.0").await, world.shop("2.0.0").await);
    world.succeed(&one, "dev").await;
    world.succeed(&two, "dev").await;
    let blog = world.release("1.0.0", &["blog"]);
    world.render(&blog, "dev", "blog", "blog").await;
    world.succeed(&blog, "dev").await;
    let refused = world.rollback("dev").await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.field().as_deref()),
        (ErrorCode::InvalidInput, Some("module"))
    );
    let mut command = to_roll_back("dev");
    command.module = Some("shop".into());
    world
        .promotions
        .rollback(&world.ctx, command.clone())
        .await
        .unwrap();
    assert_eq!(world.shop_in("dev").await.unwrap(), "dev 1.0.0");
    command.module = Some("blog".into());
    let refused = world
        .promotions
        .rollback(&world.ctx, command)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::FailedPrecondition);
}

sluice_testkit::on_both_databases!(
    a_rollback_declares_the_content_before_and_holds_the_module,
    nothing_comes_back_over_a_rollback_until_it_is_resumed,
    rolling_back_again_goes_further_back_and_ends_at_the_first,
    a_rollback_leaves_what_never_became_healthy,
    fifty_equal_rollbacks_are_one,
    a_crash_of_a_rollback_is_finished_with_its_hold,
    a_frozen_environment_is_rolled_back_only_by_override,
    a_rejected_release_does_not_come_back,
    a_rollback_names_where_to_and_what_does_not_fit_is_refused,
    modules_that_were_not_promoted_together_are_rolled_back_one_by_one,
);

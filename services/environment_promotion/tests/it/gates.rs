use chrono::TimeDelta;
use sluice_environment_promotion::{Freeze, HoldEnvironment, PromotionStatus, ResumeEnvironment};
use sluice_kernel::{Clock, directory::InfrastructureView};
use sluice_schema::{BlockerCode, ErrorCode, Fault, TypedId, events::PromotionFailed};
use sluice_testkit::Backend;

use crate::world::{World, codes, start, to_promote, web};

fn frozen_for(minutes: i64) -> Vec<Freeze> {
    vec![Freeze {
        name: "audit".into(),
        reason: "the books are closed".into(),
        from: Some(start() - TimeDelta::hours(1)),
        until: Some(start() + TimeDelta::minutes(minutes)),
        ..Freeze::default()
    }]
}

async fn a_closed_environment_refuses_with_every_blocker_and_keeps_nothing(backend: Backend) {
    let world = World::new(backend).await;
    world
        .gates("test", |it| {
            it.freezes = frozen_for(60);
            it.required_approvals = 2;
        })
        .await;
    let release = world.shop("1.0.0").await;
    let refused = world.promote(&release, "test").await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::PromotionBlocked);
    assert_eq!(
        codes(&refused),
        [
            BlockerCode::ApprovalsMissing,
            BlockerCode::OutOfOrder,
            BlockerCode::Freeze
        ]
    );
    let environment = world.environment("test").await;
    let may = world
        .promotions
        .blockers(&world.ctx, release.id, environment.id)
        .await
        .unwrap();
    assert_eq!(may, refused.blockers());
    assert!(world.drain().await.is_empty());
    assert_eq!(
        world
            .promotions
            .count(&world.ctx, &Default::default())
            .await
            .unwrap(),
        0
    );
}

async fn a_waiting_promotion_runs_when_its_last_gate_opens(backend: Backend) {
    let world = World::new(backend).await;
    world
        .gates("test", |it| {
            it.freezes = frozen_for(60);
            it.soak_minutes = 30;
        })
        .await;
    let release = world.shop("1.0.0").await;
    let waiting = world.promote_waiting(&release, "test").await;
    assert_eq!(waiting.status, PromotionStatus::Gated);
    world.succeed(&release, "dev").await;
    world.recover().await;
    let seen = world.get(waiting.id).await;
    let kinds: Vec<_> = seen.blockers.iter().map(|it| it.code).collect();
    assert_eq!(kinds, [BlockerCode::SoakTime, BlockerCode::Freeze]);
    world.clock.advance(TimeDelta::minutes(40));
    world.recover().await;
    let seen = world.get(waiting.id).await;
    let kinds: Vec<_> = seen.blockers.iter().map(|it| it.code).collect();
    assert_eq!(kinds, [BlockerCode::Freeze]);
    world.clock.advance(TimeDelta::minutes(20));
    world.recover().await;
    assert_eq!(
        world.get(waiting.id).await.status,
        PromotionStatus::Verifying
    );
    assert_eq!(world.shop_in("test").await.unwrap(), "test 1.0.0");
}

async fn the_order_of_environments_is_kept(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    let refused = world.promote(&release, "test").await.unwrap_err();
    assert_eq!(codes(&refused), [BlockerCode::OutOfOrder]);
    world.promote(&release, "dev").await.unwrap();
    // Declared is not succeeded.
    assert!(world.promote(&release, "test").await.is_err());
    world.succeed(&release, "dev").await;
    world.promote(&release, "test").await.unwrap();
}

async fn a_release_that_is_rendered_otherwise_has_to_succeed_before_anew(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    world.succeed(&release, "dev").await;
    let other = [("dev", "dev other image"), ("test", "test other image")];
    for (environment, content) in other {
        world.render(&release, environment, "shop", content).await;
    }
    let refused = world.promote(&release, "test").await.unwrap_err();
    assert_eq!(codes(&refused), [BlockerCode::OutOfOrder]);
    world.succeed(&release, "dev").await;
    world.promote(&release, "test").await.unwrap();
    assert_eq!(world.shop_in("test").await.unwrap(), "test other image");
}

async fn a_freeze_is_passed_with_a_reason_that_is_kept(backend: Backend) {
    let world = World::new(backend).await;
    world.gates("dev", |it| it.freezes = frozen_for(60)).await;
    let release = world.shop("1.0.0").await;
    let mut command = to_promote(&release, "dev");
    command.overrides = vec![BlockerCode::Freeze];
    command.override_reason = Some("customers cannot pay".into());
    let promotion = world
        .promotions
        .promote(&world.ctx, command)
        .await
        .unwrap()
        .value;
    assert_eq!(promotion.status, PromotionStatus::Verifying);
    let passed = promotion.overridden.clone().unwrap();
    assert_eq!(
        (passed.by.as_str(), passed.reason.as_str()),
        ("ada", "customers cannot pay")
    );
    assert_eq!(passed.passed[0].subject.as_deref(), Some("audit"));
}

async fn a_person_passes_what_a_promotion_waits_for(backend: Backend) {
    let world = World::new(backend).await;
    world.gates("dev", |it| it.freezes = frozen_for(60)).await;
    let release = world.shop("1.0.0").await;
    let waiting = world.promote_waiting(&release, "dev").await;
    let refused = world.promote(&release, "dev").await.unwrap_err();
    assert_eq!(codes(&refused), [BlockerCode::Freeze]);
    let mut command = to_promote(&release, "dev");
    command.overrides = vec![BlockerCode::Freeze];
    command.override_reason = Some("customers cannot pay".into());
    let passed = world.promotions.promote(&world.ctx, command).await.unwrap();
    assert!(!passed.replayed);
    assert_eq!(
        (passed.value.id, passed.value.status),
        (waiting.id, PromotionStatus::Verifying)
    );
}

async fn a_hold_keeps_promotions_back_until_it_is_resumed(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    let hold = HoldEnvironment {
        environment_id: None,
        project_id: Some(web()),
        environment: Some("dev".into()),
        module: Some("shop".into()),
        reason: "an incident".into(),
        until: None,
    };
    world.environments.hold(&world.ctx, hold).await.unwrap();
    let refused = world.promote(&release, "dev").await.unwrap_err();
    assert_eq!(codes(&refused), [BlockerCode::Hold]);
    let waiting = world.promote_waiting(&release, "dev").await;
    let resume = ResumeEnvironment {
        environment_id: None,
        project_id: Some(web()),
        environment: Some("dev".into()),
        module: None,
    };
    world.environments.resume(&world.ctx, resume).await.unwrap();
    world.recover().await;
    assert_eq!(
        world.get(waiting.id).await.status,
        PromotionStatus::Verifying
    );
}

async fn what_happens_while_the_gates_are_looked_at_counts(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    let (environments, ctx) = (world.environments.clone(), world.ctx.clone());
    let hold = HoldEnvironment {
        environment_id: None,
        project_id: Some(web()),
        environment: Some("dev".into()),
        module: None,
        reason: "an incident".into(),
        until: None,
    };
    let place = async move {
        environments.hold(&ctx, hold).await.unwrap();
    };
    *world.facts.meanwhile.lock().unwrap() = Some(Box::pin(place));
    let refused = world.promote(&release, "dev").await.unwrap_err();
    assert_eq!(codes(&refused), [BlockerCode::Hold]);
}

async fn a_release_that_is_asked_for_meanwhile_does_not_stand_in_its_own_way(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    let (promotions, ctx) = (world.promotions.clone(), world.ctx.clone());
    let same = to_promote(&release, "dev");
    let ask = async move {
        promotions.promote(&ctx, same).await.unwrap();
    };
    *world.facts.meanwhile.lock().unwrap() = Some(Box::pin(ask));
    let outcome = world.promote(&release, "dev").await.unwrap();
    assert!(outcome.replayed);
    assert_eq!(
        world.drained_types().await,
        ["PromotionRequested", "DeploymentPromoted"]
    );
}

async fn one_promotion_of_a_module_at_a_time(backend: Backend) {
    let world = World::new(backend).await;
    let (one, two) = (world.shop("1.0.0").await, world.shop("2.0.0").await);
    let first = world.promote(&one, "dev").await.unwrap().value;
    let refused = world.promote(&two, "dev").await.unwrap_err();
    assert_eq!(codes(&refused), [BlockerCode::PromotionInProgress]);
    let subject = refused.blockers()[0].subject.clone();
    assert_eq!(subject, Some(first.id.to_string()));
    // Another module has a place of its own.
    let blog = world.release("1.0.0", &["blog"]);
    world.render(&blog, "dev", "blog", "blog").await;
    world.promote(&blog, "dev").await.unwrap();
    world.follow(&first);
    world.recover().await;
    world.promote(&two, "dev").await.unwrap();
}

async fn different_releases_at_once_do_not_share_a_place(backend: Backend) {
    let world = World::new(backend).await;
    let (one, two) = (world.shop("1.0.0").await, world.shop("2.0.0").await);
    let (first, second) = tokio::join!(world.promote(&one, "dev"), world.promote(&two, "dev"));
    assert!(first.is_ok() != second.is_ok());
    let refused = first.err().or(second.err()).unwrap();
    assert_eq!(codes(&refused), [BlockerCode::PromotionInProgress]);
}

async fn a_newer_promotion_supersedes_older_ones_that_wait_when_the_gate_says_so(backend: Backend) {
    let world = World::new(backend).await;
    let (one, two) = (world.shop("1.0.0").await, world.shop("2.0.0").await);
    let first = world.promote_waiting(&one, "test").await;
    world.drain().await;
    let second = world.promote_waiting(&two, "test").await;
    assert_eq!(
        world.get(first.id).await.status,
        PromotionStatus::Superseded
    );
    let events = world.drain().await;
    let failed = events
        .iter()
        .find_map(|it| it.decode::<PromotionFailed>().unwrap());
    assert_eq!(failed.unwrap().status, "SUPERSEDED");
    world.gates("test", |it| it.supersede_waiting = false).await;
    let three = world.shop("3.0.0").await;
    let third = world.promote_waiting(&three, "test").await;
    assert_eq!(world.get(second.id).await.status, PromotionStatus::Gated);
    let kinds: Vec<_> = third.blockers.iter().map(|it| it.code).collect();
    assert_eq!(
        kinds,
        [BlockerCode::OutOfOrder, BlockerCode::PromotionInProgress]
    );
}

async fn what_can_never_run_any_more_ends(backend: Backend) {
    let world = World::new(backend).await;
    let mut release = world.shop("1.0.0").await;
    let waiting = world.promote_waiting(&release, "test").await;
    release.status = "REJECTED".into();
    world.put_release(&release);
    world.recover().await;
    let ended = world.get(waiting.id).await;
    assert_eq!(
        (ended.status, ended.code.as_deref()),
        (PromotionStatus::Failed, Some("PROMOTION_BLOCKED"))
    );
    let refused = world.promote(&release, "test").await.unwrap_err();
    assert!(codes(&refused).contains(&BlockerCode::ReleaseClosed));
}

async fn an_approval_that_is_void_by_then_stops_a_promotion_that_waited(backend: Backend) {
    let world = World::new(backend).await;
    world.gates("dev", |it| it.freezes = frozen_for(10)).await;
    let mut release = world.shop("1.0.0").await;
    let waiting = world.promote_waiting(&release, "dev").await;
    release.status = "PENDING_APPROVAL".into();
    release.approvals.clear();
    release.void_cause = Some("the image was built anew".into());
    world.put_release(&release);
    world.clock.advance(TimeDelta::minutes(10));
    world.recover().await;
    let seen = world.get(waiting.id).await;
    assert_eq!(seen.status, PromotionStatus::Gated);
    assert_eq!(seen.blockers[0].code, BlockerCode::NotApproved);
    assert!(
        seen.blockers[0]
            .message
            .contains("the image was built anew")
    );
    assert!(world.clock.now() > start());
}

async fn infrastructure_that_failed_is_a_blocker_and_fails_what_runs(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    let failed = InfrastructureView {
        id: TypedId::generate(),
        module: "shop".into(),
        status: "FAILED".into(),
        reason: Some("no quota".into()),
    };
    world
        .facts
        .away
        .store(1, std::sync::atomic::Ordering::SeqCst);
    let running = world.promote(&release, "dev").await.unwrap().value;
    world.facts.infrastructure.lock().unwrap().push(failed);
    world.recover().await;
    let ended = world.get(running.id).await;
    assert_eq!(ended.status, PromotionStatus::Failed);
    assert!(ended.reason.as_ref().unwrap().contains("no quota"));
    let refused = world.promote(&release, "dev").await.unwrap_err();
    assert_eq!(codes(&refused), [BlockerCode::InfrastructureNotReady]);
    assert_eq!(world.shop_in("dev").await, None);
}

sluice_testkit::on_both_databases!(
    a_closed_environment_refuses_with_every_blocker_and_keeps_nothing,
    a_waiting_promotion_runs_when_its_last_gate_opens,
    the_order_of_environments_is_kept,
    a_release_that_is_rendered_otherwise_has_to_succeed_before_anew,
    a_freeze_is_passed_with_a_reason_that_is_kept,
    a_person_passes_what_a_promotion_waits_for,
    a_hold_keeps_promotions_back_until_it_is_resumed,
    what_happens_while_the_gates_are_looked_at_counts,
    a_release_that_is_asked_for_meanwhile_does_not_stand_in_its_own_way,
    one_promotion_of_a_module_at_a_time,
    different_releases_at_once_do_not_share_a_place,
    a_newer_promotion_supersedes_older_ones_that_wait_when_the_gate_says_so,
    what_can_never_run_any_more_ends,
    an_approval_that_is_void_by_then_stops_a_promotion_that_waited,
    infrastructure_that_failed_is_a_blocker_and_fails_what_runs,
);

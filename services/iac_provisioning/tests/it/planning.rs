//! Plans.

use sluice_iac_provisioning::{InfrastructureFilter, InfrastructureStatus, Recovery};
use sluice_infrastructure_engine::Op;
use sluice_kernel::{Direction, Fault, IdempotencyKey, PageRequest, Reconciler};
use sluice_schema::{ErrorCode, EventPayload, events::InfrastructurePlanned};
use sluice_testkit::{Backend, drain, drained_types, on_both_databases};

use crate::world::{PROGRAM, Trap, ada, world};

on_both_databases!(
    a_plan_tells_what_would_change_and_changes_nothing,
    the_same_plan_again_is_a_replay,
    fifty_parallel_plans_make_one,
    a_plan_left_between_intent_and_outcome_is_finished,
    a_plan_whose_stack_changed_is_made_anew,
    lists_and_parents_find_plans,
);

async fn a_plan_tells_what_would_change_and_changes_nothing(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    let planned = world
        .service
        .plan(&ada(), world.plan_command("prod"))
        .await
        .unwrap();
    assert!(!planned.replayed);
    let plan = planned.value;
    assert_eq!(plan.status, InfrastructureStatus::Planned);
    assert_eq!((plan.changes.create, plan.state_serial), (2, 0));
    let steps = plan.steps();
    assert_eq!((steps[1].name.as_str(), steps[1].op), ("conf", Op::Create));
    assert!(!world.resource("prod", "data").exists());
    let events = drain(&world.store).await;
    let told: InfrastructurePlanned = events[0].decode().unwrap().unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(
        (told.module.as_str(), told.environment.as_str()),
        ("shop", "prod")
    );
    assert_eq!(told.changes.create, 2);
}

async fn the_same_plan_again_is_a_replay(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    let key =
        |text: &str| IdempotencyKey::new("k", sluice_kernel::ContentDigest::of(text)).unwrap();
    let ctx = ada().with_idempotency(key("a"));
    let first = world
        .service
        .plan(&ctx, world.plan_command("dev"))
        .await
        .unwrap();
    for ctx in [&ctx, &ada()] {
        let again = world
            .service
            .plan(ctx, world.plan_command("dev"))
            .await
            .unwrap();
        assert!(again.replayed);
        assert_eq!(again.value.id, first.value.id);
    }
    let other = ada().with_idempotency(key("b"));
    let refused = world
        .service
        .plan(&other, world.plan_command("dev"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
    assert_eq!(
        drained_types(&world.store).await,
        [InfrastructurePlanned::TYPE]
    );
}

async fn fifty_parallel_plans_make_one(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    let ctx = ada();
    let calls = (0..50).map(|_| world.service.plan(&ctx, world.plan_command("prod")));
    let done = futures::future::join_all(calls).await;
    let done: Vec<_> = done.into_iter().map(Result::unwrap).collect();
    assert_eq!(done.iter().filter(|one| !one.replayed).count(), 1);
    assert!(done.iter().all(|one| one.value.id == done[0].value.id));
    assert_eq!(
        drained_types(&world.store).await,
        [InfrastructurePlanned::TYPE]
    );
}

async fn a_plan_left_between_intent_and_outcome_is_finished(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    world.engine.fail(Trap::Plan);
    let failed = world
        .service
        .plan(&ada(), world.plan_command("prod"))
        .await
        .unwrap_err();
    assert_eq!(failed.code(), ErrorCode::Unavailable);
    let filter = InfrastructureFilter {
        status: Some(InfrastructureStatus::Planning),
        ..InfrastructureFilter::default()
    };
    assert_eq!(world.service.count(&ada(), &filter).await.unwrap(), 1);
    let recovery = Recovery(world.service.clone());
    assert_eq!(recovery.reconcile().await.unwrap(), 1);
    assert_eq!(world.service.count(&ada(), &filter).await.unwrap(), 0);
    assert_eq!(
        drained_types(&world.store).await,
        [InfrastructurePlanned::TYPE]
    );
    assert_eq!(recovery.reconcile().await.unwrap(), 0);
    let again = world
        .service
        .plan(&ada(), world.plan_command("prod"))
        .await
        .unwrap();
    assert!(again.replayed);
}

async fn a_plan_whose_stack_changed_is_made_anew(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    let ctx = ada();
    let first = world
        .service
        .plan(&ctx, world.plan_command("prod"))
        .await
        .unwrap()
        .value;
    world
        .release_program("resources: {other: {kind: directory}}")
        .await;
    world
        .service
        .provision(&ctx, world.provision_command("prod"))
        .await
        .unwrap();
    let mut command = world.plan_command("prod");
    // The first release is asked for again.
    {
        let mut release = world.facts.release.lock().unwrap();
        release.id = first.release_id;
        release.items[0].commit_sha.clone_from(&first.commit_sha);
    }
    command.release_id = first.release_id;
    let second = world.service.plan(&ctx, command).await.unwrap();
    assert!(!second.replayed);
    assert_eq!((second.value.attempt, second.value.changes.delete), (2, 1));
    let first = world.service.get(&ctx, first.id).await.unwrap();
    assert_eq!(first.status, InfrastructureStatus::Stale);
}

async fn lists_and_parents_find_plans(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    let ctx = ada();
    for environment in ["dev", "prod"] {
        world
            .service
            .plan(&ctx, world.plan_command(environment))
            .await
            .unwrap();
    }
    let order = (Default::default(), Direction::Ascending);
    let filter = InfrastructureFilter {
        environment: Some("dev".to_owned()),
        module: Some("shop".to_owned()),
        ..InfrastructureFilter::default()
    };
    let request = PageRequest::first(10);
    let page = world
        .service
        .page(&ctx, &filter, order, &request)
        .await
        .unwrap();
    assert_eq!(page.items.len(), 1);
    let (dev, prod) = (world.environment_id("dev"), world.environment_id("prod"));
    let both = [dev, prod];
    let filter = InfrastructureFilter::default();
    let pages = world
        .service
        .pages_by_environment(&ctx, &both, &filter, order, &request);
    assert_eq!(pages.await.unwrap().len(), 2);
    let release = world.release_id();
    let found = world
        .service
        .find_by_releases(&ctx, &[release])
        .await
        .unwrap();
    assert_eq!(found[&release].len(), 2);
    let counts = world
        .service
        .counts_by_release(&ctx, &[release], &filter)
        .await
        .unwrap();
    assert_eq!(counts[&release], 2);
}

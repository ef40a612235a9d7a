//! Carrying plans out.

use sluice_iac_provisioning::{
    InfrastructureFilter, InfrastructureStatus, ProvisionInfrastructure, Recovery,
};
use sluice_kernel::{Fault, Reconciler, directory::InfrastructureDirectory};
use sluice_schema::{
    ErrorCode, EventPayload, InfrastructureId,
    events::{InfrastructureFailed, InfrastructurePlanned, InfrastructureProvisioned},
};
use sluice_testkit::{Backend, drain, drained_types, on_both_databases};

use crate::world::{PROGRAM, Trap, World, ada, world};

on_both_databases!(
    what_is_declared_is_there_afterwards,
    a_plan_is_provisioned_as_it_stands_and_once,
    fifty_parallel_provisions_do_it_once,
    a_provisioning_that_was_cut_short_is_finished,
    a_stale_plan_is_refused,
    protected_resources_are_refused_before_anything_is_done,
    a_failed_step_is_told_and_can_be_mended,
    promotions_have_everything_provisioned_and_find_it_done,
    what_was_provisioned_and_went_missing_comes_back,
    secrets_reach_files_and_nothing_else,
);

fn by_plan(id: InfrastructureId) -> ProvisionInfrastructure {
    ProvisionInfrastructure {
        plan_id: Some(id),
        release_id: None,
        environment_id: None,
        environment: None,
        module: None,
    }
}

async fn what_is_declared_is_there_afterwards(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    let done = world
        .service
        .provision(&ada(), world.provision_command("prod"))
        .await
        .unwrap();
    assert!(!done.replayed);
    let plan = done.value;
    assert_eq!(plan.status, InfrastructureStatus::Provisioned);
    assert_eq!((plan.changes.create, plan.state_serial), (2, 1));
    assert_eq!(plan.outputs["conf"], "data/app.conf");
    let text = std::fs::read_to_string(world.resource("prod", "data/app.conf")).unwrap();
    assert_eq!(text, "level=warn in prod");
    let events = drain(&world.store).await;
    let types: Vec<&str> = events
        .iter()
        .map(|event| event.event_type.as_str())
        .collect();
    assert_eq!(
        types,
        [InfrastructurePlanned::TYPE, InfrastructureProvisioned::TYPE]
    );
    let told: InfrastructureProvisioned = events[1].decode().unwrap().unwrap();
    assert_eq!((told.state_serial, told.changes.create), (1, 2));
    let log = world.service.events(&ada(), plan.id).await.unwrap();
    assert_eq!(log.len(), 6, "prelude, two steps of two events, summary");
    let again = world
        .service
        .provision(&ada(), world.provision_command("prod"))
        .await
        .unwrap();
    assert!(again.replayed);
    assert_eq!(again.value.id, plan.id);
}

async fn a_plan_is_provisioned_as_it_stands_and_once(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    let plan = world
        .service
        .plan(&ada(), world.plan_command("dev"))
        .await
        .unwrap()
        .value;
    let done = world
        .service
        .provision(&ada(), by_plan(plan.id))
        .await
        .unwrap();
    assert!(!done.replayed);
    let again = world
        .service
        .provision(&ada(), by_plan(plan.id))
        .await
        .unwrap();
    assert!(again.replayed);
    assert_eq!(again.value.status, InfrastructureStatus::Provisioned);
    let text = std::fs::read_to_string(world.resource("dev", "data/app.conf")).unwrap();
    assert_eq!(text, "level=debug in dev");
}

async fn fifty_parallel_provisions_do_it_once(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    let ctx = ada();
    let calls = (0..50).map(|_| {
        world
            .service
            .provision(&ctx, world.provision_command("prod"))
    });
    let done = futures::future::join_all(calls).await;
    let done: Vec<_> = done.into_iter().map(Result::unwrap).collect();
    assert_eq!(done.iter().filter(|one| !one.replayed).count(), 1);
    let types = drained_types(&world.store).await;
    assert_eq!(
        types,
        [InfrastructurePlanned::TYPE, InfrastructureProvisioned::TYPE]
    );
}

async fn a_provisioning_that_was_cut_short_is_finished(backend: Backend) {
    for trap in [Trap::BeforeApply, Trap::AfterApply] {
        let world = world(backend, PROGRAM).await;
        world.engine.fail(trap);
        let cut = world
            .service
            .provision(&ada(), world.provision_command("prod"))
            .await;
        assert_eq!(cut.unwrap_err().code(), ErrorCode::Unavailable);
        let recovery = Recovery(world.service.clone());
        assert_eq!(recovery.reconcile().await.unwrap(), 1, "{trap:?}");
        assert_eq!(recovery.reconcile().await.unwrap(), 0, "{trap:?}");
        assert!(world.resource("prod", "data/app.conf").exists());
        let types = drained_types(&world.store).await;
        assert_eq!(
            types,
            [InfrastructurePlanned::TYPE, InfrastructureProvisioned::TYPE]
        );
        let again = world
            .service
            .provision(&ada(), world.provision_command("prod"))
            .await
            .unwrap();
        assert!(again.replayed, "{trap:?}");
    }
}

async fn a_stale_plan_is_refused(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    let plan = world
        .service
        .plan(&ada(), world.plan_command("prod"))
        .await
        .unwrap()
        .value;
    let first = world.facts.release.lock().unwrap().clone();
    world
        .release_program("resources: {other: {kind: directory}}")
        .await;
    world
        .service
        .provision(&ada(), world.provision_command("prod"))
        .await
        .unwrap();
    *world.facts.release.lock().unwrap() = first;
    for _ in 0..2 {
        let refused = world
            .service
            .provision(&ada(), by_plan(plan.id))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), ErrorCode::StalePlan);
    }
    let plan = world.service.get(&ada(), plan.id).await.unwrap();
    assert_eq!(plan.status, InfrastructureStatus::Stale);
    assert!(!world.resource("prod", "data").exists());
    // Without naming a plan, it is made anew and carried out.
    world
        .service
        .provision(&ada(), world.provision_command("prod"))
        .await
        .unwrap();
    assert!(world.resource("prod", "data").exists());
}

async fn protected_resources_are_refused_before_anything_is_done(backend: Backend) {
    let program = "resources: {data: {kind: directory, protect: true}}";
    let world = world(backend, program).await;
    world
        .service
        .provision(&ada(), world.provision_command("prod"))
        .await
        .unwrap();
    world
        .release_program("resources: {data: {kind: directory, path: elsewhere}}")
        .await;
    let refused = world
        .service
        .provision(&ada(), world.provision_command("prod"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ProtectedResource);
    assert!(world.resource("prod", "data").exists());
    let filter = InfrastructureFilter {
        release_id: Some(world.release_id()),
        status: Some(InfrastructureStatus::Planned),
        ..InfrastructureFilter::default()
    };
    assert_eq!(world.service.count(&ada(), &filter).await.unwrap(), 1);
    let views = world.provision_for("prod").await;
    assert_eq!(views[0].status, "FAILED");
    assert!(views[0].reason.as_ref().unwrap().contains("protected"));
}

async fn a_failed_step_is_told_and_can_be_mended(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    let place = world.resource("prod", "data");
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::write(&place, "in the way").unwrap();
    let failed = world
        .service
        .provision(&ada(), world.provision_command("prod"))
        .await
        .unwrap_err();
    assert_eq!(failed.code(), ErrorCode::FailedPrecondition);
    assert!(failed.to_string().contains("data is taken"), "{failed}");
    let events = drain(&world.store).await;
    let told: InfrastructureFailed = events[1].decode().unwrap().unwrap();
    assert!(told.urn.unwrap().ends_with("::data"));
    std::fs::remove_file(&place).unwrap();
    let done = world
        .service
        .provision(&ada(), world.provision_command("prod"))
        .await
        .unwrap();
    assert_eq!((done.replayed, done.value.attempt), (false, 2));
}

async fn promotions_have_everything_provisioned_and_find_it_done(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    let (release, prod) = (world.release_id(), world.environment_id("prod"));
    for _ in 0..2 {
        let views = world.provision_for("prod").await;
        assert_eq!(views.len(), 1);
        assert_eq!(
            (views[0].module.as_str(), views[0].status.as_str()),
            ("shop", "PROVISIONED")
        );
    }
    let known = world
        .service
        .infrastructure(&ada(), release, prod)
        .await
        .unwrap();
    assert_eq!(known.len(), 1);
    let dev = world.environment_id("dev");
    assert!(
        world
            .service
            .infrastructure(&ada(), release, dev)
            .await
            .unwrap()
            .is_empty()
    );
    let types = drained_types(&world.store).await;
    assert_eq!(
        types,
        [InfrastructurePlanned::TYPE, InfrastructureProvisioned::TYPE]
    );
    world.facts.release.lock().unwrap().items[0].commit_sha = world.repository.root.to_string();
    assert!(world.provision_for("dev").await.is_empty());
}

async fn what_was_provisioned_and_went_missing_comes_back(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    world
        .service
        .provision(&ada(), world.provision_command("prod"))
        .await
        .unwrap();
    std::fs::remove_file(world.resource("prod", "data/app.conf")).unwrap();
    let refreshed = world
        .service
        .refresh(&ada(), World::refresh_command("prod"))
        .await
        .unwrap();
    assert_eq!(refreshed.value.drift.len(), 1);
    assert!(refreshed.value.refreshed_at.is_some());
    let done = world
        .service
        .provision(&ada(), world.provision_command("prod"))
        .await
        .unwrap();
    assert_eq!(
        (done.replayed, done.value.attempt, done.value.changes.create),
        (false, 2, 1)
    );
    assert!(world.resource("prod", "data/app.conf").exists());
    let calm = world
        .service
        .refresh(&ada(), World::refresh_command("prod"))
        .await
        .unwrap();
    assert!(calm.value.drift.is_empty());
}

async fn secrets_reach_files_and_nothing_else(backend: Backend) {
    let program = "resources: {token: {kind: file, content: {secretRef: TOKEN}}}";
    let world = world(backend, program).await;
    let missing = world
        .service
        .plan(&ada(), world.plan_command("prod"))
        .await
        .unwrap_err();
    assert_eq!(missing.code(), ErrorCode::InvalidProgram);
    assert_eq!(missing.findings()[0].rule, "unknown-secret");
    let folder = world.databases.folder().join("secrets/acme/web/prod");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("TOKEN"), "hunter2\n").unwrap();
    let done = world
        .service
        .provision(&ada(), world.provision_command("prod"))
        .await
        .unwrap();
    let text = std::fs::read_to_string(world.resource("prod", "token")).unwrap();
    assert_eq!(text, "hunter2");
    let log = world.service.events(&ada(), done.value.id).await.unwrap();
    let events = drain(&world.store).await;
    let shown = format!("{:?} {log:?} {events:?}", done.value);
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_eq!(
        done.value.steps()[0].diffs[0].new.as_deref(),
        Some("[secret]")
    );
}

//! ReleaseApproved.

use sluice_iac_provisioning::{InfrastructureFilter, InfrastructureStatus, OnReleaseApproved};
use sluice_kernel::{Ctx, Reaction};
use sluice_schema::{
    EventPayload,
    events::{InfrastructureFailed, InfrastructurePlanned},
};
use sluice_testkit::{Backend, drained_types, event, on_both_databases, push};

use crate::world::{PROGRAM, Trap, World, ada, item, world};

on_both_databases!(
    an_approved_release_is_planned_for_every_environment_however_often_it_is_told,
    an_approval_told_twice_at_once_has_one_effect,
    a_delivery_that_failed_half_way_goes_on,
    a_project_may_plan_by_command_alone,
    a_program_that_is_wrong_fails_and_does_not_keep_others_back,
);

async fn tell(world: &World, envelope: &sluice_schema::Envelope) -> Result<(), String> {
    let reaction = OnReleaseApproved(world.service.clone());
    let ctx = Ctx::for_event(reaction.consumer(), envelope);
    let handled = reaction.handle(&ctx, envelope).await;
    handled.map_err(|error| error.message)
}

fn envelope(world: &World) -> sluice_schema::Envelope {
    event(&ada(), &"web".parse().unwrap(), None, &world.approved())
}

async fn an_approved_release_is_planned_for_every_environment_however_often_it_is_told(
    backend: Backend,
) {
    let world = world(backend, PROGRAM).await;
    world.facts.environments.lock().unwrap()[0].retired = true;
    let told = envelope(&world);
    tell(&world, &told).await.unwrap();
    // What happens to the stack later does not make an old delivery plan again.
    world
        .service
        .provision(&ada(), world.provision_command("prod"))
        .await
        .unwrap();
    std::fs::remove_file(world.resource("prod", "data/app.conf")).unwrap();
    world
        .service
        .refresh(&ada(), World::refresh_command("prod"))
        .await
        .unwrap();
    tell(&world, &told).await.unwrap();
    let types = drained_types(&world.store).await;
    let planned = types
        .iter()
        .filter(|name| *name == InfrastructurePlanned::TYPE);
    assert_eq!(planned.count(), 1, "{types:?}");
}

async fn an_approval_told_twice_at_once_has_one_effect(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    let told = envelope(&world);
    let (one, two) = tokio::join!(tell(&world, &told), tell(&world, &told));
    one.and(two).unwrap();
    let types = drained_types(&world.store).await;
    assert_eq!(
        types,
        [InfrastructurePlanned::TYPE, InfrastructurePlanned::TYPE]
    );
    assert!(
        !world.resource("prod", "data").exists(),
        "nothing is carried out"
    );
}

async fn a_delivery_that_failed_half_way_goes_on(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    let told = envelope(&world);
    world.engine.fail(Trap::Plan);
    tell(&world, &told).await.unwrap_err();
    tell(&world, &told).await.unwrap();
    let types = drained_types(&world.store).await;
    assert_eq!(
        types,
        [InfrastructurePlanned::TYPE, InfrastructurePlanned::TYPE]
    );
}

async fn a_project_may_plan_by_command_alone(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    world
        .facts
        .policies
        .lock()
        .unwrap()
        .auto_plan_infrastructure = false;
    tell(&world, &envelope(&world)).await.unwrap();
    assert!(drained_types(&world.store).await.is_empty());
}

async fn a_program_that_is_wrong_fails_and_does_not_keep_others_back(backend: Backend) {
    let world = world(backend, "resources: {a: {kind: nonsense}}").await;
    let git = world.git.as_ref();
    let path = &world.repository.path;
    let good = push(git, path, "good", "infra.yaml", PROGRAM).await;
    let second = item(&world.repository, "cart", &good.to_string());
    world.facts.release.lock().unwrap().items.push(second);
    let told = envelope(&world);
    tell(&world, &told).await.unwrap();
    let types = drained_types(&world.store).await;
    let count = |wanted: &str| types.iter().filter(|name| *name == wanted).count();
    assert_eq!(count(InfrastructureFailed::TYPE), 2);
    assert_eq!(count(InfrastructurePlanned::TYPE), 2);
    let filter = InfrastructureFilter {
        status: Some(InfrastructureStatus::Failed),
        ..InfrastructureFilter::default()
    };
    assert_eq!(world.service.count(&ada(), &filter).await.unwrap(), 2);
}

//! `BuildCompleted`.

use sluice_kernel::{Ctx, Reaction};
use sluice_package_publishing::{OnBuildCompleted, PackageStatus};
use sluice_schema::events::PackagePublicationFailed;
use sluice_testkit::{Backend, on_both_databases};

use crate::fixture::{World, ada, completed, publish, world};

on_both_databases!(
    build_completed_publishes_the_package_once_however_often_it_is_told,
    a_project_that_wants_no_packages_gets_none,
    a_build_without_a_package_is_let_pass,
    a_build_whose_files_are_gone_fails_on_record,
    what_a_command_published_already_is_left_as_it_is,
);

async fn tell(world: &World, event: &sluice_schema::Envelope) {
    let ctx = Ctx::for_event("package_publishing", event);
    OnBuildCompleted(world.service.clone())
        .handle(&ctx, event)
        .await
        .unwrap();
}

async fn build_completed_publishes_the_package_once_however_often_it_is_told(backend: Backend) {
    let world = world(backend).await;
    let build = world.build("1.0.0", "x").await;
    let event = completed(&build);
    tokio::join!(tell(&world, &event), tell(&world, &event));
    tell(&world, &event).await;
    let events = world.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].event_type, "PackagePublished");
    assert_eq!(
        (events[0].correlation_id.as_str(), events[0].causation_id),
        ("flow-1", Some(event.event_id))
    );
    let found = world
        .service
        .find_by_builds(&ada(), &[build.build.build_id])
        .await
        .unwrap();
    assert_eq!(
        found[&build.build.build_id].status,
        PackageStatus::Published
    );
}

async fn a_project_that_wants_no_packages_gets_none(backend: Backend) {
    let world = world(backend).await;
    world.facts.policies.lock().unwrap().auto_publish_packages = false;
    let build = world.build("1.0.0", "x").await;
    tell(&world, &completed(&build)).await;
    assert!(world.events().await.is_empty());
    // By command it is published all the same.
    world
        .service
        .publish(&ada(), publish(&build, None))
        .await
        .unwrap();
}

async fn a_build_without_a_package_is_let_pass(backend: Backend) {
    let world = world(backend).await;
    let mut failed = world.build("1.0.0", "x").await;
    failed.build.status = "FAILED".to_owned();
    tell(&world, &completed(&failed)).await;
    let mut plain = world.build("1.0.0", "y").await;
    plain.build.module.as_mut().unwrap().package = None;
    tell(&world, &completed(&plain)).await;
    assert!(world.events().await.is_empty());
}

async fn a_build_whose_files_are_gone_fails_on_record(backend: Backend) {
    let world = world(backend).await;
    let mut build = world.build("1.0.0", "x").await;
    build.build.artifacts[0].blob.key = "artifacts/never".to_owned();
    let event = completed(&build);
    tell(&world, &event).await;
    tell(&world, &event).await;
    let events = world.events().await;
    assert_eq!(events.len(), 1);
    let failed = events[0]
        .decode::<PackagePublicationFailed>()
        .unwrap()
        .unwrap();
    assert_eq!(
        (failed.code.as_str(), failed.version.as_str()),
        ("FAILED_PRECONDITION", "1.0.0")
    );
    let mut empty = world.build("1.0.0", "y").await;
    empty.build.artifacts.clear();
    tell(&world, &completed(&empty)).await;
    let mut outside = world.build("1.0.0", "z").await;
    outside.build.artifacts[0].blob.key = "https://ci.example/app.tgz".to_owned();
    tell(&world, &completed(&outside)).await;
    assert_eq!(
        world.event_types().await,
        ["PackagePublicationFailed", "PackagePublicationFailed"]
    );
}

async fn what_a_command_published_already_is_left_as_it_is(backend: Backend) {
    let world = world(backend).await;
    let build = world.build("1.0.0", "x").await;
    world
        .service
        .publish(&ada(), publish(&build, Some("5.0.0")))
        .await
        .unwrap();
    tell(&world, &completed(&build)).await;
    assert_eq!(world.event_types().await, ["PackagePublished"]);
}

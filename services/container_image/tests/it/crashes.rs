//! Registries that do not answer, and processes that die.

use chrono::TimeDelta;
use sluice_container_image::{ImageStatus, Worker};
use sluice_kernel::{Fault, Reconciler};
use sluice_schema::ErrorCode;
use sluice_testkit::{Backend, on_both_databases};

use crate::{
    trap::Step,
    world::{FILES, ada, command, world},
};

on_both_databases!(
    an_image_that_was_broken_off_anywhere_ends_the_same,
    what_a_dead_process_left_is_finished_by_another,
    a_registry_that_never_answers_fails_the_image_in_the_end,
    a_rebuild_that_was_broken_off_leaves_the_image_ready_until_it_is_done,
);

async fn an_image_that_was_broken_off_anywhere_ends_the_same(backend: Backend) {
    let world = world(backend).await;
    let expected = world.built(FILES).await;
    let expected = world
        .service
        .build(&ada(), command(&expected))
        .await
        .unwrap()
        .value;
    assert_eq!(world.events().await.len(), 1);
    let places = [Step::Build, Step::Attach, Step::Tag];
    for step in places {
        for after in [false, true] {
            let build = world.built(FILES).await;
            world.local.fail(step, after, 1);
            let broken = world.service.build(&ada(), command(&build)).await;
            assert_eq!(
                broken.unwrap_err().code(),
                ErrorCode::Unavailable,
                "{step:?}"
            );
            assert_eq!(world.image_of(&build).await.status, ImageStatus::Pending);
            assert!(world.events().await.is_empty(), "nothing is told too early");
            // Where other processes may be at it, they are given time.
            world.clock.advance(TimeDelta::seconds(31));
            assert_eq!(world.work().await, 1, "{step:?}");
            let image = world.image_of(&build).await;
            assert_eq!(image.status, ImageStatus::Built);
            assert_eq!(image.digest, expected.digest);
            assert_eq!(world.events().await.len(), 1);
            assert_eq!(world.work_left(), 0);
        }
    }
}

async fn what_a_dead_process_left_is_finished_by_another(backend: Backend) {
    let world = world(backend).await;
    let build = world.built(FILES).await;
    world.tell(&world.event(&build)).await;
    let (one, two) = (world.restarted(), world.restarted());
    let (one, two) = (Worker(one), Worker(two));
    let (first, second) = tokio::join!(one.reconcile(), two.reconcile());
    assert!(first.unwrap() + second.unwrap() >= 1);
    assert_eq!(world.image_of(&build).await.status, ImageStatus::Built);
    assert_eq!(world.events().await.len(), 1, "exactly one announces it");
}

async fn a_registry_that_never_answers_fails_the_image_in_the_end(backend: Backend) {
    let world = world(backend).await;
    let build = world.built(FILES).await;
    world.tell(&world.event(&build)).await;
    world.local.fail(Step::Build, false, u32::MAX);
    for _ in 0..20 {
        world.work().await;
        world.clock.advance(TimeDelta::seconds(61));
    }
    let image = world.image_of(&build).await;
    assert_eq!(image.status, ImageStatus::Failed);
    assert_eq!(image.code, Some(ErrorCode::Unavailable));
    let events = world.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].event_type, "ContainerImageFailed");
    assert_eq!(events[0].payload["code"], "UNAVAILABLE");

    world.local.fail(Step::Build, false, 0);
    let retried = world.service.build(&ada(), command(&build)).await.unwrap();
    assert!(!retried.replayed);
    assert_eq!(retried.value.id, image.id, "the same object");
    assert_eq!(retried.value.status, ImageStatus::Built);
    assert_eq!(world.events().await.len(), 1);
}

async fn a_rebuild_that_was_broken_off_leaves_the_image_ready_until_it_is_done(backend: Backend) {
    let world = world(backend).await;
    let build = world.built(FILES).await;
    let first = world
        .service
        .build(&ada(), command(&build))
        .await
        .unwrap()
        .value;
    let mut tagged = command(&build);
    tagged.tags = vec!["blue".to_owned()];
    world.local.fail(Step::Tag, false, 1);
    assert!(world.service.build(&ada(), tagged.clone()).await.is_err());
    let between = world.image_of(&build).await;
    assert_eq!(between.status, ImageStatus::Built);
    assert_eq!(between.digest, first.digest);
    world.clock.advance(TimeDelta::seconds(31));
    assert_eq!(world.work().await, 1);
    assert_eq!(Some(world.tagged("blue").await), first.digest);
    assert!(world.service.build(&ada(), tagged).await.unwrap().replayed);
}

//! Crashes between intent and outcome.

use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use sluice_kernel::{Ctx, Direction, Fault, PageRequest, Reaction, Reconciler};
use sluice_package_feed::{FeedName, PackageFeed};
use sluice_package_publishing::{
    OnBuildCompleted, PackageFilter, PackageOrder, PackagePublication, PackageStatus, Recovery,
};
use sluice_schema::ErrorCode;
use sluice_testkit::{Backend, on_both_databases};

use crate::fixture::{World, ada, completed, nupkg, publish, world};

on_both_databases!(
    a_publication_left_before_its_push_is_finished_by_recovery,
    a_publication_left_after_its_push_is_finished_by_recovery,
    an_event_that_comes_again_finishes_what_the_first_delivery_began,
    a_push_that_reached_the_feed_is_recorded_by_recovery,
    a_push_that_never_reached_the_feed_fails_and_frees_its_version,
    a_feed_that_never_answers_ends_in_failure_and_not_in_endless_tries,
    a_version_that_came_into_the_feed_past_the_service_gives_way,
    of_many_helpers_at_once_one_announces,
);

async fn all(world: &World) -> Vec<PackagePublication> {
    let order = (PackageOrder::CreatedAt, Direction::Ascending);
    let request = PageRequest::first(50);
    let page = world
        .service
        .page(&ada(), &PackageFilter::default(), order, &request)
        .await
        .unwrap();
    page.items.iter().map(|p| (**p).clone()).collect()
}

async fn recover_later(world: &World) -> usize {
    world.clock.advance(TimeDelta::seconds(31));
    Recovery(world.service.clone()).reconcile().await.unwrap()
}

async fn crash(world: &World, before: bool) {
    let trap = if before {
        &world.feed.fail_before
    } else {
        &world.feed.fail_after
    };
    trap.store(true, Ordering::SeqCst);
    let build = world.build("1.0.0", "x").await;
    let error = world
        .service
        .publish(&ada(), publish(&build, None))
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::Internal);
    let found = all(world).await;
    assert_eq!(found.last().unwrap().status, PackageStatus::Pending);
    assert!(world.events().await.is_empty());
    trap.store(false, Ordering::SeqCst);
}

async fn finishes_once(world: &World) {
    assert_eq!(
        Recovery(world.service.clone()).reconcile().await.unwrap(),
        0,
        "someone may be at work"
    );
    assert_eq!(recover_later(world).await, 1);
    assert_eq!(recover_later(world).await, 0);
    let found = all(world).await;
    assert_eq!(
        (found.len(), found[0].status),
        (1, PackageStatus::Published)
    );
    assert_eq!(found[0].version, "1.0.0");
    assert_eq!(world.event_types().await, ["PackagePublished"]);
}

async fn a_publication_left_before_its_push_is_finished_by_recovery(backend: Backend) {
    let world = world(backend).await;
    crash(&world, true).await;
    finishes_once(&world).await;
}

async fn a_publication_left_after_its_push_is_finished_by_recovery(backend: Backend) {
    let world = world(backend).await;
    crash(&world, false).await;
    finishes_once(&world).await;
}

async fn an_event_that_comes_again_finishes_what_the_first_delivery_began(backend: Backend) {
    let world = world(backend).await;
    let event = completed(&world.build("1.0.0", "x").await);
    let ctx = Ctx::for_event("package_publishing", &event);
    let reaction = OnBuildCompleted(world.service.clone());
    world.feed.fail_after.store(true, Ordering::SeqCst);
    assert!(reaction.handle(&ctx, &event).await.unwrap_err().retryable);
    world.feed.fail_after.store(false, Ordering::SeqCst);
    reaction.handle(&ctx, &event).await.unwrap();
    reaction.handle(&ctx, &event).await.unwrap();
    assert_eq!(world.event_types().await, ["PackagePublished"]);
    assert_eq!(all(&world).await.len(), 1);
}

async fn a_push_that_reached_the_feed_is_recorded_by_recovery(backend: Backend) {
    let world = world(backend).await;
    let project = "web".parse().unwrap();
    world.feed.fail_after.store(true, Ordering::SeqCst);
    world
        .service
        .push(&ada(), &project, nupkg("Hand.Made", "1.0", "x"))
        .await
        .unwrap_err();
    world.feed.fail_after.store(false, Ordering::SeqCst);
    assert_eq!(recover_later(&world).await, 1);
    let found = all(&world).await;
    assert_eq!(
        (found.len(), found[0].status),
        (1, PackageStatus::Published)
    );
    assert_eq!(world.event_types().await, ["PackagePublished"]);
}

async fn a_push_that_never_reached_the_feed_fails_and_frees_its_version(backend: Backend) {
    let world = world(backend).await;
    let project = "web".parse().unwrap();
    world.feed.fail_before.store(true, Ordering::SeqCst);
    world
        .service
        .push(&ada(), &project, nupkg("Hand.Made", "1.0", "x"))
        .await
        .unwrap_err();
    world.feed.fail_before.store(false, Ordering::SeqCst);
    assert_eq!(recover_later(&world).await, 1);
    assert_eq!(all(&world).await[0].status, PackageStatus::Failed);
    let pushed = world
        .service
        .push(&ada(), &project, nupkg("Hand.Made", "1.0", "other"))
        .await
        .unwrap();
    assert!(!pushed.replayed);
    assert_eq!(
        world.event_types().await,
        ["PackagePublicationFailed", "PackagePublished"]
    );
}

async fn a_feed_that_never_answers_ends_in_failure_and_not_in_endless_tries(backend: Backend) {
    let world = world(backend).await;
    crash(&world, true).await;
    world.feed.fail_before.store(true, Ordering::SeqCst);
    for _ in 0..25 {
        recover_later(&world).await;
    }
    let found = all(&world).await;
    assert_eq!(
        (found[0].status, found[0].code),
        (PackageStatus::Failed, Some(ErrorCode::Unavailable))
    );
    assert_eq!(world.event_types().await, ["PackagePublicationFailed"]);
}

async fn a_version_that_came_into_the_feed_past_the_service_gives_way(backend: Backend) {
    let world = world(backend).await;
    // The service is on its way when someone puts the version there by hand.
    crash(&world, true).await;
    let feed = FeedName {
        tenant: "acme".parse().unwrap(),
        project: "web".parse().unwrap(),
    };
    world
        .feed
        .push(&feed, nupkg("acme.greeter", "1.0", "by hand"))
        .await
        .unwrap();
    assert_eq!(recover_later(&world).await, 1);
    let found = all(&world).await;
    assert_eq!(
        (found[0].status, found[0].version.as_str()),
        (PackageStatus::Published, "1.0.1-build.1")
    );
    // One that is there before is seen before.
    world
        .feed
        .push(&feed, nupkg("acme.greeter", "2.0", "by hand"))
        .await
        .unwrap();
    let build = world.build("2.0.0", "x").await;
    let done = world
        .service
        .publish(&ada(), publish(&build, None))
        .await
        .unwrap();
    assert_eq!(done.value.version, "2.0.1-build.1");
    // One that was asked for is refused, and on record.
    let build = world.build("3.0.0", "x").await;
    let error = world
        .service
        .publish(&ada(), publish(&build, Some("2.0.0")))
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict);
}

async fn of_many_helpers_at_once_one_announces(backend: Backend) {
    let world = world(backend).await;
    for by_hand in [false, true] {
        crash(&world, true).await;
        if by_hand {
            let feed = FeedName {
                tenant: "acme".parse().unwrap(),
                project: "web".parse().unwrap(),
            };
            let package = nupkg("acme.greeter", "1.0.1-build.1", "by hand");
            world.feed.push(&feed, package).await.unwrap();
        }
        world.clock.advance(TimeDelta::seconds(31));
        let mut helpers = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let recovery = Recovery(world.service.clone());
            helpers.spawn(async move { recovery.reconcile().await.unwrap() });
        }
        helpers.join_all().await;
        assert_eq!(world.event_types().await, ["PackagePublished"]);
    }
    let mut versions: Vec<_> = all(&world).await.into_iter().map(|p| p.version).collect();
    versions.sort();
    assert_eq!(versions, ["1.0.0", "1.0.1-build.2"]);
}

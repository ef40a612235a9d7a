//! Work that is cut off anywhere is done once when it is asked for again.

use std::{collections::BTreeMap, pin::pin, task::Poll};

use sluice_kernel::{Ctx, Reaction};
use sluice_release::{Reactions, ReleaseStatus};
use sluice_schema::{Envelope, ImageId, TypedId};
use sluice_testkit::Backend;

use crate::fixture::World;

/// Polls some work so often and drops it, as a process does that dies then.
async fn cut_off<T>(polls: usize, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut left = polls;
    std::future::poll_fn(move |cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(cx).map(Some)
    })
    .await
}

/// More often than any of the work here is polled.
const ROUNDS: usize = 90;

/// Handles an event that far, and then for good; whether it was done at first.
async fn handle_twice(world: &World, polls: usize, event: &Envelope) -> bool {
    let ctx = Ctx::for_event("release", event);
    let reactions = Reactions(world.service.clone());
    let done = cut_off(polls, reactions.handle(&ctx, event)).await;
    world.handle(event).await;
    done.is_some()
}

async fn told(world: &World) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for kind in world.drained_types().await {
        *counts.entry(kind).or_default() += 1;
    }
    counts
}

async fn whatever_is_cut_off_is_done_once(backend: Backend) {
    let world = World::new(backend).await;
    let mut whole = false;
    for polls in (0..ROUNDS).step_by(2) {
        let build = world.with_artifacts(&format!("fix: {polls}")).await;
        let image = ImageId::generate();
        let planned = handle_twice(&world, polls, &world.event(&build)).await;
        whole |= planned;
        handle_twice(&world, polls, &world.packaged(&build)).await;
        let built = world.imaged(&build, image, "sha256:one");
        handle_twice(&world, polls, &built).await;
        let release = world.of_build(&build).await.unwrap();
        cut_off(polls, world.approve(release.id, "zoe")).await;
        let approved = world.approve(release.id, "zoe").await.unwrap().value;
        assert_eq!(approved.status, ReleaseStatus::Approved, "{polls}");
        let rebuilt = world.imaged(&build, image, "sha256:two");
        handle_twice(&world, polls, &rebuilt).await;
        let kept = world.get(release.id).await;
        assert_eq!(kept.status, ReleaseStatus::PendingApproval, "{polls}");
        let counts = told(&world).await;
        let expected = [
            "ReleaseApprovalVoided",
            "ReleaseApproved",
            "ReleasePlanned",
            "ReleaseReady",
        ];
        let expected = expected.map(|kind| (kind.to_owned(), 1));
        assert_eq!(counts, BTreeMap::from(expected), "{polls}");
    }
    assert!(whole, "the last rounds cut off nothing");
}

async fn a_plan_that_is_cut_off_is_made_once(backend: Backend) {
    let world = World::new(backend).await;
    for polls in (1..ROUNDS).step_by(2) {
        let build = world.plain(&format!("fix: {polls}")).await;
        let ids = [build.build_id];
        cut_off(polls, world.plan(&ids, None)).await;
        world.plan(&ids, None).await.unwrap();
        assert!(world.of_build(&build).await.is_some());
        let counts = told(&world).await;
        let expected = ["ReleasePlanned", "ReleaseReady"].map(|kind| (kind.to_owned(), 1));
        assert_eq!(counts, BTreeMap::from(expected), "{polls}");
    }
}

sluice_testkit::on_both_databases!(
    whatever_is_cut_off_is_done_once,
    a_plan_that_is_cut_off_is_made_once,
);

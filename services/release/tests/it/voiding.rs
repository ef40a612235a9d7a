use std::sync::Arc;

use chrono::TimeDelta;
use sluice_kernel::directory::ReleaseDirectory;
use sluice_release::{ApprovalState, ReleasePlan, ReleaseStatus};
use sluice_schema::{
    Envelope, ImageId, ReleaseId, TypedId,
    events::{BuildCompleted, ReleaseApprovalVoided},
};
use sluice_testkit::Backend;

use crate::fixture::{World, environment};

/// An approved release of a build with image and package; the outbox is empty.
async fn approved(world: &World, image: ImageId) -> (BuildCompleted, Arc<ReleasePlan>) {
    let build = world.with_artifacts("feat: a").await;
    world.handle(&world.event(&build)).await;
    world.handle(&world.packaged(&build)).await;
    world
        .handle(&world.imaged(&build, image, "sha256:one"))
        .await;
    let release = world.of_build(&build).await.unwrap();
    let release = world.approve(release.id, "zoe").await.unwrap().value;
    assert_eq!(release.status, ReleaseStatus::Approved);
    world.drain().await;
    world.clock.advance(TimeDelta::seconds(1));
    (build, release)
}

async fn voided(world: &World) -> ReleaseApprovalVoided {
    let events: Vec<Envelope> = world.drain().await;
    assert_eq!(events.len(), 1, "{events:?}");
    events[0].decode().unwrap().unwrap()
}

async fn states(world: &World, id: ReleaseId) -> Vec<ApprovalState> {
    let approvals = world.service.find_approvals(&world.ctx, &[id]).await;
    approvals.unwrap()[&id].iter().map(|it| it.state).collect()
}

async fn another_image_voids_the_approval_with_the_cause(backend: Backend) {
    let world = World::new(backend).await;
    let image = ImageId::generate();
    let (build, release) = approved(&world, image).await;
    let event = world.imaged(&build, image, "sha256:two");
    world.handle_often(&event).await;
    let told = voided(&world).await;
    let cause = "the image shop changed from sha256:one to sha256:two";
    assert_eq!(told.cause, cause);
    let kept = world.get(release.id).await;
    assert_eq!(kept.status, ReleaseStatus::PendingApproval);
    assert_eq!(kept.void_cause.as_deref(), Some(cause));
    assert_ne!(kept.content_digest, release.content_digest);
    assert_eq!(told.content_digest, kept.content_digest);
    assert_eq!(states(&world, release.id).await, [ApprovalState::Void]);
    let again = world.approve(release.id, "zoe").await.unwrap();
    assert!(!again.replayed);
    assert_eq!(again.value.status, ReleaseStatus::Approved);
    assert_eq!(again.value.void_cause, None);
    let expected = [ApprovalState::Void, ApprovalState::Valid];
    assert_eq!(states(&world, release.id).await, expected);
}

async fn the_same_image_again_a_failure_and_another_registry_void_nothing(backend: Backend) {
    let world = World::new(backend).await;
    let image = ImageId::generate();
    let (build, release) = approved(&world, image).await;
    for event in [
        world.imaged(&build, image, "sha256:one"),
        world.image_failed(&build, image),
        world.imaged(&build, ImageId::generate(), "sha256:two"),
    ] {
        world.handle(&event).await;
    }
    assert_eq!(world.get(release.id).await.status, ReleaseStatus::Approved);
    assert!(world.drain().await.is_empty());
}

async fn a_changed_target_voids_what_it_is_a_target_of(backend: Backend) {
    let world = World::new(backend).await;
    let (_, release) = approved(&world, ImageId::generate()).await;
    let same = world.redefine("prod", |it| it.auto_promote = true);
    world.handle(&same).await;
    assert!(world.drain().await.is_empty());
    let event = world.redefine("prod", |it| it.target_digest = "sha256:new".into());
    world.handle_often(&event).await;
    let told = voided(&world).await;
    assert_eq!(told.cause, "the definition of the environment prod changed");
    let kept = world.get(release.id).await;
    assert_eq!(kept.status, ReleaseStatus::PendingApproval);
    world.approve(release.id, "zoe").await.unwrap();
    world.drain().await;
    let retired = world.redefine("prod", |it| {
        it.retired = true;
        it.target_digest = "sha256:gone".into();
    });
    world.handle(&retired).await;
    assert!(world.drain().await.is_empty(), "nothing is promoted there");
}

async fn nobody_may_act_on_an_approval_that_a_changed_target_voids(backend: Backend) {
    let world = World::new(backend).await;
    let (_, release) = approved(&world, ImageId::generate()).await;
    let view = async || {
        let found = world.service.release(&world.ctx, release.id).await;
        found.unwrap().unwrap()
    };
    assert_eq!(view().await.status, "APPROVED");
    // The event of the definition is not handled yet.
    let event = world.redefine("prod", |it| it.target_digest = "sha256:new".into());
    let seen = view().await;
    assert_eq!(seen.status, "PENDING_APPROVAL");
    assert!(seen.approvals.is_empty());
    let cause = "the definition of the environment prod changed";
    assert_eq!(seen.void_cause.as_deref(), Some(cause));
    assert!(world.drain().await.is_empty(), "a look records nothing");
    world.handle(&event).await;
    assert_eq!(voided(&world).await.content_digest, seen.content_digest);
    world.approve(release.id, "zoe").await.unwrap();
    assert_eq!(view().await.status, "APPROVED");
}

async fn a_new_environment_widens_what_was_approved(backend: Backend) {
    let world = World::new(backend).await;
    let (_, release) = approved(&world, ImageId::generate()).await;
    let view = environment("staging");
    world.directory.facts().environments.push(view);
    let event = world.redefine("staging", |_| {});
    world.handle(&event).await;
    let told = voided(&world).await;
    assert_eq!(told.cause, "the environment staging is new");
    assert_eq!(world.get(release.id).await.targets.len(), 3);
}

async fn other_manifests_than_those_approved_void_the_approval(backend: Backend) {
    let world = World::new(backend).await;
    let (_, release) = approved(&world, ImageId::generate()).await;
    for name in ["dev", "prod"] {
        let event = world.rendered(release.id, name, "sha256:first");
        world.handle_often(&event).await;
    }
    assert!(world.drain().await.is_empty());
    let digest = world.get(release.id).await.content_digest.clone();
    assert_eq!(digest, release.content_digest, "they follow from the rest");
    world.clock.advance(TimeDelta::seconds(1));
    let event = world.rendered(release.id, "prod", "sha256:second");
    world.handle_often(&event).await;
    let told = voided(&world).await;
    let cause = "the manifests of shop for prod changed from sha256:first to sha256:second";
    assert_eq!(told.cause, cause);
    assert_ne!(told.content_digest, digest);
    let again = world.approve(release.id, "zoe").await.unwrap().value;
    assert_eq!(again.status, ReleaseStatus::Approved);
}

async fn manifests_of_a_changed_target_are_expected_and_void_nothing(backend: Backend) {
    let world = World::new(backend).await;
    let (_, release) = approved(&world, ImageId::generate()).await;
    let late = world.rendered(release.id, "prod", "sha256:late");
    let first = world.rendered(release.id, "prod", "sha256:first");
    world.handle(&first).await;
    world.clock.advance(TimeDelta::seconds(1));
    let event = world.redefine("prod", |it| it.target_digest = "sha256:new".into());
    world.handle(&event).await;
    world.approve(release.id, "zoe").await.unwrap();
    world.drain().await;
    world.handle(&late).await;
    world.clock.advance(TimeDelta::seconds(1));
    let second = world.rendered(release.id, "prod", "sha256:second");
    world.handle(&second).await;
    assert_eq!(world.get(release.id).await.status, ReleaseStatus::Approved);
    assert!(world.drain().await.is_empty());
}

async fn only_the_newest_releases_are_held_against_a_changed_target(backend: Backend) {
    let world = World::new(backend).await;
    let mut releases = Vec::new();
    for round in 0..21 {
        let build = world.plain(&format!("fix: {round}")).await;
        releases.push(world.planned(&build).await);
    }
    let event = world.redefine("prod", |it| it.target_digest = "sha256:new".into());
    world.handle(&event).await;
    let mut changed = Vec::new();
    for release in &releases {
        let kept = world.get(release.id).await;
        changed.push(kept.content_digest != release.content_digest);
    }
    assert!(!changed[0]);
    assert!(changed[1..].iter().all(|it| *it));
    let oldest = world.approve(releases[0].id, "zoe").await.unwrap().value;
    assert_ne!(oldest.content_digest, releases[0].content_digest);
}

sluice_testkit::on_both_databases!(
    another_image_voids_the_approval_with_the_cause,
    the_same_image_again_a_failure_and_another_registry_void_nothing,
    a_changed_target_voids_what_it_is_a_target_of,
    nobody_may_act_on_an_approval_that_a_changed_target_voids,
    a_new_environment_widens_what_was_approved,
    other_manifests_than_those_approved_void_the_approval,
    manifests_of_a_changed_target_are_expected_and_void_nothing,
    only_the_newest_releases_are_held_against_a_changed_target,
);

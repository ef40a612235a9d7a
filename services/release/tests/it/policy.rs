use sluice_kernel::{Ctx, Reaction, directory::ContributorView};
use sluice_release::{CancelRelease, Reactions, ReleaseStatus};
use sluice_schema::{
    ErrorCode, Fault, ImageId, TypedId,
    events::{BuildCompleted, ReleaseArtifact},
};
use sluice_testkit::Backend;

use crate::fixture::World;

fn merged(world: &World, sha: &str) {
    let contributor = ContributorView {
        sha: sha.to_owned(),
        number: 12,
        author: "bob".into(),
        merged_by: Some("max".into()),
    };
    world.directory.facts().contributors.push(contributor);
}

async fn a_build_is_planned_once_however_often_it_is_told(backend: Backend) {
    let world = World::new(backend).await;
    let build = world.plain("feat: a").await;
    merged(&world, &build.commit_sha);
    world.handle_often(&world.event(&build)).await;
    let release = world.of_build(&build).await.unwrap();
    assert!(release.automatic);
    assert_eq!(release.planned_by, "max", "who merged planned it");
    assert_eq!(release.notes[0].pull_request, Some(12));
    let types = world.drained_types().await;
    assert_eq!(types, ["ReleasePlanned", "ReleaseReady"]);
    let again = world.plan(&[build.build_id], None).await.unwrap();
    assert_eq!((again.replayed, again.value.id), (true, release.id));
}

async fn a_cancelled_release_does_not_come_back(backend: Backend) {
    let world = World::new(backend).await;
    let build = world.plain("feat: a").await;
    let event = world.event(&build);
    world.handle(&event).await;
    let release = world.of_build(&build).await.unwrap();
    let command = CancelRelease {
        release_id: release.id,
        reason: None,
    };
    world.service.cancel(&world.ctx, command).await.unwrap();
    world.drain().await;
    world.handle(&event).await;
    let kept = world.of_build(&build).await.unwrap();
    assert_eq!(
        (kept.id, kept.status),
        (release.id, ReleaseStatus::Cancelled)
    );
    assert!(world.drain().await.is_empty());
}

async fn what_was_planned_by_command_is_not_planned_again(backend: Backend) {
    let world = World::new(backend).await;
    let build = world.plain("feat: a").await;
    let release = world.plan(&[build.build_id], Some("7.0.0")).await.unwrap();
    world.handle(&world.event(&build)).await;
    let kept = world.of_build(&build).await.unwrap();
    assert_eq!(kept.id, release.value.id);
}

async fn policies_decide_what_is_planned(backend: Backend) {
    let world = World::new(backend).await;
    let changed = |build: &BuildCompleted, change: fn(&mut BuildCompleted)| {
        let mut build = build.clone();
        change(&mut build);
        world.event(&build)
    };
    let build = world.plain("feat: a").await;
    let elsewhere = changed(&build, |it| it.branch = "feature/x".into());
    let failed = changed(&build, |it| it.status = "FAILED".into());
    let external = changed(&build, |it| it.module = None);
    for event in [&elsewhere, &failed, &external] {
        world.handle(event).await;
    }
    world.directory.facts().policies.auto_plan_releases = false;
    world.handle(&world.event(&build)).await;
    assert_eq!(world.of_build(&build).await, None);
    {
        let mut facts = world.directory.facts();
        facts.policies.auto_plan_releases = true;
        facts.policies.release_branches = vec!["feature/*".into()];
    }
    world
        .handle(&changed(&build, |it| it.branch = "feature/x".into()))
        .await;
    assert!(world.of_build(&build).await.is_some());
}

async fn without_a_pull_request_the_author_in_git_planned_it(backend: Backend) {
    let world = World::new(backend).await;
    let build = world.plain("feat: a").await;
    world.handle(&world.event(&build)).await;
    let release = world.of_build(&build).await.unwrap();
    assert_eq!(release.planned_by, "bob");
    for who in ["bob", "Bob", "bob@localhost"] {
        let refused = world.approve(release.id, who).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ApproverNotEligible, "{who}");
    }
    assert!(world.approve(release.id, "ada").await.is_ok());
}

async fn artifacts_make_a_release_ready_in_any_order(backend: Backend) {
    for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0], [2, 0, 1]] {
        let world = World::new(backend).await;
        let build = world.with_artifacts("feat: a").await;
        let events = [
            world.event(&build),
            world.imaged(&build, ImageId::generate(), "sha256:image"),
            world.packaged(&build),
        ];
        for index in order {
            world.handle_often(&events[index]).await;
        }
        let release = world.of_build(&build).await.unwrap();
        assert_eq!(release.status, ReleaseStatus::PendingApproval, "{order:?}");
        let artifacts = &release.items[0].item.artifacts;
        assert_eq!(artifacts[0].reference.as_deref(), Some("1.0.0"));
        assert_eq!(artifacts[1].digest.as_deref(), Some("sha256:image"));
        let types = world.drained_types().await;
        assert_eq!(types, ["ReleasePlanned", "ReleaseReady"], "{order:?}");
    }
}

async fn artifacts_and_plan_at_the_same_time_find_each_other(backend: Backend) {
    let world = World::new(backend).await;
    for round in 0..8 {
        let build = world.with_artifacts(&format!("feat: {round}")).await;
        let plan = world.event(&build);
        let image = world.imaged(&build, ImageId::generate(), "sha256:image");
        let package = world.packaged(&build);
        tokio::join!(
            world.handle(&plan),
            world.handle(&image),
            world.handle(&package)
        );
        let release = world.of_build(&build).await.unwrap();
        assert_eq!(release.status, ReleaseStatus::PendingApproval);
    }
}

async fn a_failed_artifact_may_be_made_after_all(backend: Backend) {
    let world = World::new(backend).await;
    let build = world.with_artifacts("feat: a").await;
    let image = ImageId::generate();
    world.handle(&world.event(&build)).await;
    world.handle(&world.packaged(&build)).await;
    world.handle(&world.image_failed(&build, image)).await;
    let release = world.of_build(&build).await.unwrap();
    assert_eq!(release.status, ReleaseStatus::Planned);
    let refused = world.approve(release.id, "zoe").await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::FailedPrecondition);
    assert!(refused.to_string().contains("image shop is failed"));
    world.handle(&world.imaged(&build, image, "sha256:1")).await;
    assert_eq!(
        world.get(release.id).await.status,
        ReleaseStatus::PendingApproval
    );
}

async fn artifacts_whose_events_never_came_are_asked_for(backend: Backend) {
    let world = World::new(backend).await;
    let build = world.with_artifacts("feat: a").await;
    let release = world.planned(&build).await;
    world.drain().await;
    let known = |kind: &str, state: &str| ReleaseArtifact {
        kind: kind.into(),
        id: Some(format!("{kind}_1")),
        name: "shop".into(),
        state: state.into(),
        reference: Some("1".into()),
        digest: (state == "READY").then(|| format!("sha256:{kind}")),
        reason: None,
    };
    let tell = |kind, state| {
        let told = (build.build_id, known(kind, state));
        world.directory.facts().artifacts.push(told);
    };
    tell("PACKAGE", "READY");
    tell("IMAGE", "PENDING");
    assert_eq!(world.reconcile().await, 1);
    assert_eq!(world.get(release.id).await.status, ReleaseStatus::Planned);
    world.directory.facts().artifacts.pop();
    tell("IMAGE", "READY");
    assert_eq!(world.reconcile().await, 0, "not asked again at once");
    world.clock.advance(chrono::TimeDelta::seconds(2));
    assert_eq!(world.reconcile().await, 1);
    assert_eq!(
        world.get(release.id).await.status,
        ReleaseStatus::PendingApproval
    );
    assert_eq!(world.reconcile().await, 0);
    assert_eq!(world.drained_types().await, ["ReleaseReady"]);
}

async fn an_event_of_the_wrong_shape_is_refused(backend: Backend) {
    let world = World::new(backend).await;
    let mut event = world.event(&world.plain("feat: a").await);
    event.payload = serde_json::json!({ "buildId": 1 });
    let ctx = Ctx::for_event("release", &event);
    let refused = Reactions(world.service.clone()).handle(&ctx, &event).await;
    assert!(!refused.unwrap_err().retryable);
}

sluice_testkit::on_both_databases!(
    a_build_is_planned_once_however_often_it_is_told,
    a_cancelled_release_does_not_come_back,
    what_was_planned_by_command_is_not_planned_again,
    policies_decide_what_is_planned,
    without_a_pull_request_the_author_in_git_planned_it,
    artifacts_make_a_release_ready_in_any_order,
    artifacts_and_plan_at_the_same_time_find_each_other,
    a_failed_artifact_may_be_made_after_all,
    artifacts_whose_events_never_came_are_asked_for,
    an_event_of_the_wrong_shape_is_refused,
);

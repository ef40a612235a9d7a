use sluice_release::{ApprovalDecision, CancelRelease, RejectRelease, ReleaseError, ReleaseStatus};
use sluice_schema::{ErrorCode, Fault, ImageId, ReleaseId, Scope, TypedId};
use sluice_testkit::{Backend, User};

use crate::fixture::{World, user};

async fn reject(world: &World, id: ReleaseId, who: &str) -> Result<bool, ReleaseError> {
    let command = RejectRelease {
        release_id: id,
        reason: "it leaks".into(),
    };
    let done = world.service.reject(&user(who), command).await?;
    assert_eq!(done.value.status, ReleaseStatus::Rejected);
    Ok(done.replayed)
}

async fn cancel(world: &World, id: ReleaseId, who: &str) -> Result<bool, ReleaseError> {
    let command = CancelRelease {
        release_id: id,
        reason: Some("not now".into()),
    };
    let done = world.service.cancel(&user(who), command).await?;
    assert_eq!(done.value.status, ReleaseStatus::Cancelled);
    Ok(done.replayed)
}

async fn a_rejection_ends_a_release_that_was_approved_too(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.planned(&world.plain("feat: a").await).await;
    world.approve(release.id, "zoe").await.unwrap();
    world.drain().await;
    assert!(!reject(&world, release.id, "max").await.unwrap());
    assert!(reject(&world, release.id, "max").await.unwrap());
    assert_eq!(world.drained_types().await, ["ReleaseRejected"]);
    let kept = world.get(release.id).await;
    assert_eq!(kept.closed_by.as_deref(), Some("max"));
    assert_eq!(kept.closed_reason.as_deref(), Some("it leaks"));
    for refused in [
        reject(&world, release.id, "eve").await.unwrap_err(),
        cancel(&world, release.id, "ada").await.unwrap_err(),
        world.approve(release.id, "eve").await.unwrap_err(),
        world.approve(release.id, "zoe").await.unwrap_err(),
    ] {
        assert_eq!(refused.code(), ErrorCode::FailedPrecondition);
    }
    let approvals = world
        .service
        .find_approvals(&world.ctx, &[release.id])
        .await;
    let approvals = &approvals.unwrap()[&release.id];
    let decisions: Vec<_> = approvals.iter().map(|it| it.decision).collect();
    let expected = [ApprovalDecision::Approved, ApprovalDecision::Rejected];
    assert_eq!(decisions, expected);
}

async fn a_cancelled_release_ends_once(backend: Backend) {
    let world = World::new(backend).await;
    let build = world.with_artifacts("feat: a").await;
    let release = world.planned(&build).await;
    world.drain().await;
    assert!(!cancel(&world, release.id, "ada").await.unwrap());
    assert!(cancel(&world, release.id, "eve").await.unwrap());
    assert_eq!(world.drained_types().await, ["ReleaseCancelled"]);
    world.handle(&world.packaged(&build)).await;
    let image = world.imaged(&build, ImageId::generate(), "sha256:1");
    world.handle(&image).await;
    world.reconcile().await;
    assert_eq!(world.get(release.id).await.status, ReleaseStatus::Cancelled);
    assert!(world.drain().await.is_empty());
}

async fn ending_demands_its_scope_and_an_object_that_is_seen(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.planned(&world.plain("feat: a").await).await;
    let reject = || RejectRelease {
        release_id: release.id,
        reason: "no".into(),
    };
    let cancel = || CancelRelease {
        release_id: release.id,
        reason: None,
    };
    let service = &world.service;
    let planner = User::of("acme", "eve")
        .with_scopes(&[Scope::ReleasesPlan])
        .ctx();
    let refused = service.reject(&planner, reject()).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    let approver = User::of("acme", "eve")
        .with_scopes(&[Scope::ReleasesApprove])
        .ctx();
    let refused = service.cancel(&approver, cancel()).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    let stranger = User::of("globex", "eve").ctx();
    let refused = service.reject(&stranger, reject()).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotFound);
    let refused = service.cancel(&stranger, cancel()).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotFound);
    let mut long = cancel();
    long.reason = Some("x".repeat(501));
    let refused = service.cancel(&world.ctx, long).await.unwrap_err();
    let told = (refused.code(), refused.field());
    assert_eq!(told, (ErrorCode::InvalidInput, Some("reason".into())));
}

sluice_testkit::on_both_databases!(
    a_rejection_ends_a_release_that_was_approved_too,
    a_cancelled_release_ends_once,
    ending_demands_its_scope_and_an_object_that_is_seen,
);

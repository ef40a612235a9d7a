use std::sync::Arc;

use chrono::TimeDelta;
use sluice_kernel::directory::{ContributorView, ReleaseDirectory};
use sluice_release::{ApprovalState, ApproveRelease, ReleasePlan, ReleaseStatus};
use sluice_schema::{ErrorCode, Fault, Scope, events::ReleaseApproved};
use sluice_testkit::{Backend, User};

use crate::fixture::World;

/// A release that waits for approval; the outbox is empty.
async fn pending(world: &World) -> Arc<ReleasePlan> {
    let build = world.plain("feat: a").await;
    let release = world.planned(&build).await;
    world.drain().await;
    release
}

async fn an_approval_lets_the_release_go_on_and_tells_what_it_is(backend: Backend) {
    let world = World::new(backend).await;
    let release = pending(&world).await;
    let done = world.approve(release.id, "zoe").await.unwrap();
    assert!(!done.replayed);
    assert_eq!(done.value.status, ReleaseStatus::Approved);
    let events = world.drain().await;
    let event: ReleaseApproved = events[0].decode().unwrap().unwrap();
    assert_eq!(event.content_digest, release.content_digest);
    assert_eq!(event.items[0].module.id, "shop");
    assert_eq!(event.approvals[0].approver, "zoe");
    assert_eq!(event.approvals[0].reason, "it works");
    let again = world.approve(release.id, "zoe").await.unwrap();
    assert!(again.replayed);
    assert!(world.drain().await.is_empty());
    let more = world.approve(release.id, "max").await.unwrap();
    assert!(!more.replayed, "an environment may demand more");
    let view = world.service.release(&world.ctx, release.id).await;
    assert_eq!(view.unwrap().unwrap().approvals.len(), 2);
}

async fn as_many_people_must_approve_as_the_project_demands(backend: Backend) {
    let world = World::new(backend).await;
    world.directory.facts().policies.required_approvals = 2;
    let release = pending(&world).await;
    for _ in 0..2 {
        let one = world.approve(release.id, "zoe").await.unwrap().value;
        assert_eq!(one.status, ReleaseStatus::PendingApproval);
    }
    assert!(world.drain().await.is_empty());
    let two = world.approve(release.id, "max").await.unwrap().value;
    assert_eq!(two.status, ReleaseStatus::Approved);
    assert_eq!(world.drained_types().await, ["ReleaseApproved"]);
}

async fn a_person_is_one_however_the_name_is_written(backend: Backend) {
    let world = World::new(backend).await;
    world.directory.facts().policies.required_approvals = 2;
    let release = pending(&world).await;
    world.approve(release.id, "zoë").await.unwrap();
    for same in ["Zoë", "ZOË"] {
        let again = world.approve(release.id, same).await.unwrap();
        assert!(again.replayed, "{same}");
        assert_eq!(again.value.status, ReleaseStatus::PendingApproval);
    }
    assert!(world.drain().await.is_empty());
}

async fn fifty_parallel_approvals_of_one_person_are_one(backend: Backend) {
    let world = Arc::new(World::new(backend).await);
    let release = pending(&world).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (world, id) = (world.clone(), release.id);
        calls.spawn(async move { world.approve(id, "zoe").await.unwrap().replayed });
    }
    let replayed = calls.join_all().await.into_iter().filter(|it| *it).count();
    assert_eq!(replayed, 49);
    assert_eq!(world.drained_types().await, ["ReleaseApproved"]);
    let approvals = world
        .service
        .find_approvals(&world.ctx, &[release.id])
        .await;
    assert_eq!(approvals.unwrap()[&release.id].len(), 1);
}

async fn people_who_approve_at_once_are_all_counted(backend: Backend) {
    let world = Arc::new(World::new(backend).await);
    world.directory.facts().policies.required_approvals = 5;
    let release = pending(&world).await;
    let mut calls = tokio::task::JoinSet::new();
    for index in 0..5 {
        let (world, id) = (world.clone(), release.id);
        calls.spawn(async move { world.approve(id, &format!("p{index}")).await.unwrap() });
    }
    calls.join_all().await;
    assert_eq!(world.get(release.id).await.status, ReleaseStatus::Approved);
    assert_eq!(world.drained_types().await, ["ReleaseApproved"]);
}

async fn planner_authors_and_those_not_named_may_not(backend: Backend) {
    let world = World::new(backend).await;
    let build = world.plain("feat: a").await;
    let contributor = ContributorView {
        sha: build.commit_sha.clone(),
        number: 1,
        author: "olga".into(),
        merged_by: Some("max".into()),
    };
    world.directory.facts().contributors.push(contributor);
    let release = world.planned(&build).await;
    world.drain().await;
    world.directory.facts().policies.authors_may_approve = false;
    for (who, word) in [
        ("ada", "planned"),
        ("bob", "author"),
        ("olga", "author"),
        ("max", "author"),
    ] {
        let refused = world.approve(release.id, who).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ApproverNotEligible, "{who}");
        assert!(refused.to_string().contains(word), "{refused}");
    }
    world.directory.facts().policies.approvers = Some(Vec::new());
    let nobody = world.approve(release.id, "zoe").await.unwrap_err();
    assert!(nobody.to_string().contains("nobody"));
    world.directory.facts().policies.approvers = Some(vec!["zoe".into(), "ada".into()]);
    let other = world.approve(release.id, "eve").await.unwrap_err();
    assert_eq!(other.code(), ErrorCode::ApproverNotEligible);
    let planner = world.approve(release.id, "ada").await.unwrap_err();
    assert_eq!(planner.code(), ErrorCode::ApproverNotEligible);
    assert!(world.drain().await.is_empty());
    assert!(world.approve(release.id, "zoe").await.is_ok());
}

async fn authors_of_releases_that_nobody_approved_stay_authors(backend: Backend) {
    let world = World::new(backend).await;
    world.directory.facts().policies.authors_may_approve = false;
    pending(&world).await;
    let sha = world.commit("shop", "eve", "fix: b").await;
    let second = world.planned(&world.built("shop", &sha)).await;
    assert_eq!(second.notes.len(), 1);
    for who in ["bob", "eve"] {
        let refused = world.approve(second.id, who).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ApproverNotEligible, "{who}");
    }
    world.approve(second.id, "zoe").await.unwrap();
    let sha = world.commit("shop", "eve", "fix: c").await;
    let third = world.planned(&world.built("shop", &sha)).await;
    assert!(world.approve(third.id, "bob").await.is_ok());
}

async fn an_approval_of_something_else_is_a_conflict(backend: Backend) {
    let world = World::new(backend).await;
    let release = pending(&world).await;
    let other = format!("sha256:{}", "0".repeat(64));
    let refused = world.approve_seen(release.id, "zoe", Some(&other)).await;
    let refused = refused.unwrap_err();
    let told = (refused.code(), refused.field());
    assert_eq!(told, (ErrorCode::Conflict, Some("contentDigest".into())));
    let seen = Some(release.content_digest.as_str());
    assert!(world.approve_seen(release.id, "zoe", seen).await.is_ok());
    let refused = world.approve_seen(release.id, "zoe", Some(&other)).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::Conflict);
}

async fn an_approval_sees_a_target_that_changed_before_it_is_told(backend: Backend) {
    let world = World::new(backend).await;
    let release = pending(&world).await;
    let event = world.redefine("prod", |it| it.target_digest = "sha256:new".into());
    let seen = Some(release.content_digest.as_str());
    let refused = world.approve_seen(release.id, "zoe", seen).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::Conflict);
    let approved = world.approve(release.id, "zoe").await.unwrap().value;
    assert_ne!(approved.content_digest, release.content_digest);
    world.handle(&event).await;
    assert_eq!(world.get(release.id).await.status, ReleaseStatus::Approved);
}

async fn approvals_expire(backend: Backend) {
    let world = World::new(backend).await;
    world
        .directory
        .facts()
        .policies
        .approval_expires_after_hours = Some(2);
    let release = pending(&world).await;
    world.approve(release.id, "zoe").await.unwrap();
    world.drain().await;
    assert_eq!(world.reconcile().await, 0);
    world.clock.advance(TimeDelta::hours(2));
    let view = world.service.release(&world.ctx, release.id).await;
    let view = view.unwrap().unwrap();
    assert_eq!(view.status, "PENDING_APPROVAL", "before anybody noted it");
    assert!(view.approvals.is_empty());
    assert_eq!(world.reconcile().await, 1);
    assert_eq!(world.reconcile().await, 0);
    let kept = world.get(release.id).await;
    assert_eq!(kept.status, ReleaseStatus::PendingApproval);
    let cause = "the approval of zoe has expired";
    assert_eq!(kept.void_cause.as_deref(), Some(cause));
    assert_eq!(world.drained_types().await, ["ReleaseApprovalVoided"]);
    let again = world.approve(release.id, "zoe").await.unwrap();
    assert_eq!(again.value.status, ReleaseStatus::Approved);
    let approvals = world
        .service
        .find_approvals(&world.ctx, &[release.id])
        .await;
    let states: Vec<_> = approvals.unwrap()[&release.id]
        .iter()
        .map(|it| it.state)
        .collect();
    assert_eq!(states, [ApprovalState::Expired, ApprovalState::Valid]);
}

async fn an_expired_approval_is_given_again_before_anybody_noted_it(backend: Backend) {
    let world = World::new(backend).await;
    world
        .directory
        .facts()
        .policies
        .approval_expires_after_hours = Some(1);
    let release = pending(&world).await;
    world.approve(release.id, "zoe").await.unwrap();
    world.clock.advance(TimeDelta::hours(3));
    let again = world.approve(release.id, "zoe").await.unwrap();
    assert!(!again.replayed);
    let types = world.drained_types().await;
    let told = [
        "ReleaseApproved",
        "ReleaseApprovalVoided",
        "ReleaseApproved",
    ];
    assert_eq!(types, told);
}

async fn enough_remaining_approvals_outlive_one_that_expires(backend: Backend) {
    let world = World::new(backend).await;
    let hours = |hours| {
        world
            .directory
            .facts()
            .policies
            .approval_expires_after_hours = hours
    };
    let release = pending(&world).await;
    hours(Some(1));
    world.approve(release.id, "zoe").await.unwrap();
    hours(None);
    world.approve(release.id, "max").await.unwrap();
    world.clock.advance(TimeDelta::hours(1));
    assert_eq!(world.reconcile().await, 1);
    assert_eq!(world.get(release.id).await.status, ReleaseStatus::Approved);
}

async fn strangers_readers_and_empty_reasons_approve_nothing(backend: Backend) {
    let world = World::new(backend).await;
    let release = pending(&world).await;
    let approve = |user: User, reason: &str| {
        let service = world.service.clone();
        let command = ApproveRelease {
            release_id: release.id,
            reason: reason.to_owned(),
            content_digest: None,
        };
        async move { service.approve(&user.ctx(), command).await.unwrap_err() }
    };
    let stranger = approve(User::of("globex", "zoe"), "x").await;
    assert_eq!(stranger.code(), ErrorCode::NotFound);
    let elsewhere = User::of("acme", "zoe").in_projects(&["other"]);
    assert_eq!(approve(elsewhere, "x").await.code(), ErrorCode::NotFound);
    let planner = User::of("acme", "zoe").with_scopes(&[Scope::Read, Scope::ReleasesPlan]);
    assert_eq!(approve(planner, "x").await.code(), ErrorCode::Forbidden);
    let empty = approve(User::of("acme", "zoe"), " ").await;
    let told = (empty.code(), empty.field());
    assert_eq!(told, (ErrorCode::InvalidInput, Some("reason".into())));
}

sluice_testkit::on_both_databases!(
    an_approval_lets_the_release_go_on_and_tells_what_it_is,
    as_many_people_must_approve_as_the_project_demands,
    a_person_is_one_however_the_name_is_written,
    fifty_parallel_approvals_of_one_person_are_one,
    people_who_approve_at_once_are_all_counted,
    planner_authors_and_those_not_named_may_not,
    authors_of_releases_that_nobody_approved_stay_authors,
    an_approval_of_something_else_is_a_conflict,
    an_approval_sees_a_target_that_changed_before_it_is_told,
    approvals_expire,
    an_expired_approval_is_given_again_before_anybody_noted_it,
    enough_remaining_approvals_outlive_one_that_expires,
    strangers_readers_and_empty_reasons_approve_nothing,
);

use std::sync::Arc;

use sluice_kernel::{ContentDigest, IdempotencyKey};
use sluice_release::{Bump, PlanRelease, ReleaseStatus};
use sluice_schema::{BuildId, ErrorCode, Fault, Scope, TypedId, events::BuildCompleted};
use sluice_testkit::{Backend, User};

use crate::fixture::{World, to_plan, user};

async fn a_release_says_what_it_brings_and_waits_for_its_artifacts(backend: Backend) {
    let world = World::new(backend).await;
    let first = world.plain("feat: a shop").await;
    let first = world.planned(&first).await;
    assert_eq!(first.status, ReleaseStatus::PendingApproval);
    let types = world.drained_types().await;
    assert_eq!(types, ["ReleasePlanned", "ReleaseReady"]);
    world.commit("shop", "eve", "fix: a leak").await;
    let build = world.with_artifacts("feat(ui): colours").await;
    let release = world.planned(&build).await;
    assert_eq!(release.status, ReleaseStatus::Planned);
    assert_eq!(
        (release.name.as_str(), release.version.as_str()),
        ("shop", "1.1.0")
    );
    assert_eq!(release.proposed_bump, Bump::Minor);
    let subjects: Vec<_> = release.notes.iter().map(|it| it.subject.as_str()).collect();
    assert_eq!(subjects, ["feat(ui): colours", "fix: a leak"]);
    assert_eq!(release.notes[1].author, "eve");
    let targets: Vec<_> = release
        .targets
        .iter()
        .map(|it| it.environment.as_str())
        .collect();
    assert_eq!(targets, ["dev", "prod"]);
    assert_eq!(release.planned_by, "ada");
    assert!(!release.automatic);
    let item = &release.items[0];
    assert_eq!(item.item.artifacts.len(), 2);
    assert_eq!(
        item.previous_sha.as_ref(),
        Some(&first.items[0].item.commit_sha)
    );
    assert_eq!(world.drained_types().await, ["ReleasePlanned"]);
}

async fn several_modules_are_one_release(backend: Backend) {
    let world = World::new(backend).await;
    world.repository("api").await;
    let shop = world.plain("fix: x").await;
    let sha = world.commit("api", "bob", "feat: y").await;
    let api = world.built("api", &sha);
    let ids = [shop.build_id, api.build_id];
    let release = world.plan(&ids, None).await.unwrap().value;
    assert_eq!(release.name, "api+shop");
    assert_eq!(release.meta.module_id, None);
    let turned = world.plan(&[ids[1], ids[0]], None).await.unwrap();
    assert_eq!((turned.replayed, turned.value.id), (true, release.id));
    let single = world.plan(&ids[..1], None).await.unwrap();
    assert!(!single.replayed, "other builds are another release");
}

async fn the_same_builds_again_are_the_same_release(backend: Backend) {
    let world = World::new(backend).await;
    let build = world.plain("feat: a").await;
    let ids = [build.build_id];
    let first = world.plan(&ids, Some("1.5.0")).await.unwrap();
    assert!(!first.replayed);
    for version in [None, Some("1.5.0")] {
        let again = world.plan(&ids, version).await.unwrap();
        assert_eq!((again.replayed, again.value.id), (true, first.value.id));
    }
    let other = world.plain("feat: b").await;
    let refused = world.plan(&[other.build_id], Some("1.5.0")).await;
    let refused = refused.unwrap_err();
    let told = (refused.code(), refused.field());
    assert_eq!(told, (ErrorCode::Conflict, Some("version".into())));
    let types = world.drained_types().await;
    assert_eq!(types, ["ReleasePlanned", "ReleaseReady"]);
}

async fn fifty_parallel_plans_make_one_release(backend: Backend) {
    let world = Arc::new(World::new(backend).await);
    let build = world.plain("feat: a").await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (world, id) = (world.clone(), build.build_id);
        calls.spawn(async move { world.plan(&[id], None).await.unwrap() });
    }
    let outcomes = calls.join_all().await;
    let replayed = outcomes.iter().filter(|it| it.replayed).count();
    assert_eq!(replayed, 49);
    assert!(
        outcomes
            .iter()
            .all(|it| it.value.id == outcomes[0].value.id)
    );
    let types = world.drained_types().await;
    assert_eq!(types, ["ReleasePlanned", "ReleaseReady"]);
}

async fn an_idempotency_key_stands_for_one_release(backend: Backend) {
    let world = World::new(backend).await;
    let build = world.plain("feat: a").await;
    let key = |text: &str| IdempotencyKey::new("k", ContentDigest::of(text)).unwrap();
    let command = to_plan(&[build.build_id], Some("3.0.0"));
    let ctx = world.ctx.with_idempotency(key("one"));
    let first = world.service.plan(&ctx, command.clone()).await.unwrap();
    let again = world.service.plan(&ctx, command.clone()).await.unwrap();
    assert_eq!((again.replayed, again.value.id), (true, first.value.id));
    let other = world.ctx.with_idempotency(key("two"));
    let refused = world.service.plan(&other, command).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
}

async fn builds_that_cannot_be_released_are_refused_with_their_place(backend: Backend) {
    let world = World::new(backend).await;
    let good = world.plain("feat: a").await;
    let changed = |change: fn(&mut BuildCompleted)| {
        let mut build = good.clone();
        build.build_id = BuildId::generate();
        change(&mut build);
        world.know(&build);
        build.build_id
    };
    let failed = changed(|it| it.status = "FAILED".into());
    let external = changed(|it| it.module = None);
    let same_module = changed(|_| {});
    let gone = changed(|it| {
        it.commit_sha = "9".repeat(40);
        it.module.as_mut().unwrap().id = "gone".into();
    });
    let foreign = changed(|it| it.module.as_mut().unwrap().id = "other".into());
    let elsewhere = "other".parse().unwrap();
    {
        let mut facts = world.directory.facts();
        facts.builds.get_mut(&foreign).unwrap().project_id = elsewhere;
    }
    let precondition = ErrorCode::FailedPrecondition;
    for (second, code) in [
        (failed, precondition),
        (external, precondition),
        (gone, precondition),
        (same_module, ErrorCode::InvalidInput),
        (foreign, ErrorCode::InvalidInput),
        (BuildId::generate(), ErrorCode::NotFound),
    ] {
        let refused = world.plan(&[good.build_id, second], None).await;
        let refused = refused.unwrap_err();
        let told = (refused.code(), refused.field());
        assert_eq!(told, (code, Some("buildIds[1]".into())), "{refused}");
    }
    assert!(world.drain().await.is_empty());
}

async fn who_may_not_plan_or_sees_nothing_plans_nothing(backend: Backend) {
    let world = World::new(backend).await;
    let build = world.plain("feat: a").await;
    let plan = |user: User, command: PlanRelease| {
        let service = world.service.clone();
        async move { service.plan(&user.ctx(), command).await.unwrap_err().code() }
    };
    let command = to_plan(&[build.build_id], None);
    let reader = User::of("acme", "eve").with_scopes(&[Scope::Read]);
    assert_eq!(plan(reader, command.clone()).await, ErrorCode::Forbidden);
    let stranger = User::of("globex", "eve");
    assert_eq!(plan(stranger, command.clone()).await, ErrorCode::NotFound);
    let elsewhere = User::of("acme", "eve").in_projects(&["other"]);
    assert_eq!(plan(elsewhere, command).await, ErrorCode::NotFound);
    let refused = world.service.plan(&user("ada"), to_plan(&[], None)).await;
    let refused = refused.unwrap_err();
    let told = (refused.code(), refused.field());
    assert_eq!(told, (ErrorCode::InvalidInput, Some("buildIds".into())));
}

sluice_testkit::on_both_databases!(
    a_release_says_what_it_brings_and_waits_for_its_artifacts,
    several_modules_are_one_release,
    the_same_builds_again_are_the_same_release,
    fifty_parallel_plans_make_one_release,
    an_idempotency_key_stands_for_one_release,
    builds_that_cannot_be_released_are_refused_with_their_place,
    who_may_not_plan_or_sees_nothing_plans_nothing,
);

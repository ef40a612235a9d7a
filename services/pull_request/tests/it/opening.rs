use sluice_kernel::{ContentDigest, IdempotencyKey};
use sluice_pull_request::{AbandonPullRequest, Mergeability, PullRequestStatus};
use sluice_schema::{ErrorCode, Fault, Scope, TypedId};
use sluice_testkit::{Backend, User};

use crate::fixture::{World, user};

async fn opening_again_replays_and_another_title_conflicts(backend: Backend) {
    let world = World::new(backend).await;
    let command = world.to_open("feature");
    let first = world
        .service
        .open(&world.ctx, command.clone())
        .await
        .unwrap();
    assert!(!first.replayed);
    assert_eq!(
        (first.value.number, first.value.status),
        (1, PullRequestStatus::Open)
    );
    assert_eq!(first.value.mergeability, Mergeability::Clean);
    let mut again = command.clone();
    again.description = None;
    let again = world.service.open(&user("bob"), again).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.value.id, first.value.id);
    let mut other = command;
    other.title = "Another".into();
    let refused = world.service.open(&world.ctx, other).await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.field().as_deref()),
        (ErrorCode::Conflict, Some("title"))
    );
    assert_eq!(world.drained_types().await, ["PullRequestOpened"]);
}

async fn fifty_parallel_openings_make_one(backend: Backend) {
    let world = World::new(backend).await;
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (service, ctx) = (world.service.clone(), world.ctx.clone());
            let command = world.to_open("feature");
            tokio::spawn(async move { service.open(&ctx, command).await.unwrap() })
        })
        .collect();
    let mut made = Vec::new();
    for task in tasks {
        let outcome = task.await.unwrap();
        if !outcome.replayed {
            made.push(outcome.value.id);
        }
    }
    assert_eq!(made.len(), 1);
    assert_eq!(world.drained_types().await, ["PullRequestOpened"]);
}

async fn parallel_openings_of_many_branches_number_them_without_holes(backend: Backend) {
    let world = World::new(backend).await;
    for n in 0..12 {
        world.branch(&format!("b{n}")).await;
        world.push(&format!("b{n}"), &format!("{n}.txt"), "x").await;
    }
    let tasks: Vec<_> = (0..12)
        .map(|n| {
            let (service, ctx) = (world.service.clone(), world.ctx.clone());
            let command = world.to_open(&format!("b{n}"));
            tokio::spawn(async move { service.open(&ctx, command).await.unwrap().value.number })
        })
        .collect();
    let mut numbers = Vec::new();
    for task in tasks {
        numbers.push(task.await.unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=12).collect::<Vec<u64>>());
}

async fn an_idempotency_key_answers_even_after_the_pull_request_is_closed(backend: Backend) {
    let world = World::new(backend).await;
    let key = |text: &[u8]| IdempotencyKey::new("k1", ContentDigest::of_parts([text])).unwrap();
    let keyed = world.ctx.with_idempotency(key(b"one"));
    let command = world.to_open("feature");
    let first = world
        .service
        .open(&keyed, command.clone())
        .await
        .unwrap()
        .value;
    world.merge(first.id, None).await.unwrap();
    let again = world.service.open(&keyed, command.clone()).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.value.id, first.id);
    let other = world.ctx.with_idempotency(key(b"two"));
    let refused = world.service.open(&other, command).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
}

async fn what_cannot_be_merged_is_refused_with_the_field(backend: Backend) {
    let world = World::new(backend).await;
    world.branch("same").await;
    let refusals = [
        ("main", None, ErrorCode::InvalidInput, Some("sourceBranch")),
        ("a..b", None, ErrorCode::InvalidInput, Some("sourceBranch")),
        (
            "feature",
            Some("a b"),
            ErrorCode::InvalidInput,
            Some("targetBranch"),
        ),
        ("nowhere", None, ErrorCode::NotFound, Some("sourceBranch")),
        (
            "feature",
            Some("nowhere"),
            ErrorCode::NotFound,
            Some("targetBranch"),
        ),
        (
            "same",
            None,
            ErrorCode::FailedPrecondition,
            Some("sourceBranch"),
        ),
    ];
    for (source, target, code, field) in refusals {
        let mut command = world.to_open(source);
        command.target_branch = target.map(ToOwned::to_owned);
        let refused = world.service.open(&world.ctx, command).await.unwrap_err();
        assert_eq!(
            (refused.code(), refused.field().as_deref()),
            (code, field),
            "{source}"
        );
    }
    for title in ["", "  ", "two\nlines"] {
        let mut command = world.to_open("feature");
        command.title = title.into();
        let refused = world.service.open(&world.ctx, command).await.unwrap_err();
        assert_eq!(refused.field().as_deref(), Some("title"));
    }
    assert!(world.drain().await.is_empty());
}

async fn archived_and_foreign_repositories_are_refused(backend: Backend) {
    let world = World::new(backend).await;
    let command = world.to_open("feature");
    let mut absent = command.clone();
    absent.repository_id = TypedId::generate();
    let foreign = User::of("other", "ada").ctx();
    let outside = User::of("acme", "ada").in_projects(&["api"]).ctx();
    for (ctx, command) in [
        (&world.ctx, absent),
        (&foreign, command.clone()),
        (&outside, command.clone()),
    ] {
        let refused = world.service.open(ctx, command).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::NotFound);
    }
    let reader = User::of("acme", "ada").with_scopes(&[Scope::Read]).ctx();
    let refused = world
        .service
        .open(&reader, command.clone())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    world.set_writable(false);
    let refused = world.service.open(&world.ctx, command).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::FailedPrecondition);
}

async fn a_conflicting_one_opens_and_names_the_paths(backend: Backend) {
    let world = World::new(backend).await;
    world.push("main", "feature.txt", "other").await;
    let opened = world.opened().await;
    assert_eq!(opened.mergeability, Mergeability::Conflicting);
    assert_eq!(opened.conflict_paths, ["feature.txt"]);
}

async fn an_abandoned_one_makes_room_for_the_next(backend: Backend) {
    let world = World::new(backend).await;
    let first = world.opened().await;
    let abandon = AbandonPullRequest {
        pull_request_id: first.id,
        reason: Some("not now".into()),
    };
    let done = world
        .service
        .abandon(&world.ctx, abandon.clone())
        .await
        .unwrap();
    assert!(!done.replayed && done.value.status == PullRequestStatus::Abandoned);
    assert!(
        world
            .service
            .abandon(&world.ctx, abandon)
            .await
            .unwrap()
            .replayed
    );
    assert_eq!(world.drained_types().await, ["PullRequestAbandoned"]);
    let refused = world.merge(first.id, None).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::FailedPrecondition);
    let second = world.opened().await;
    assert_eq!(second.number, 2);
    assert_ne!(second.id, first.id);
}

sluice_testkit::on_both_databases!(
    opening_again_replays_and_another_title_conflicts,
    fifty_parallel_openings_make_one,
    parallel_openings_of_many_branches_number_them_without_holes,
    an_idempotency_key_answers_even_after_the_pull_request_is_closed,
    what_cannot_be_merged_is_refused_with_the_field,
    archived_and_foreign_repositories_are_refused,
    a_conflicting_one_opens_and_names_the_paths,
    an_abandoned_one_makes_room_for_the_next,
);

use sluice_pull_request::{ReviewDecision, ReviewPullRequest};
use sluice_schema::{ErrorCode, Fault, Scope};
use sluice_testkit::{Backend, User};

use crate::fixture::{World, user};

async fn fifty_parallel_reviews_of_one_reviewer_are_one(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.opened().await.id;
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (service, ctx) = (world.service.clone(), user("bob"));
            let command = ReviewPullRequest {
                pull_request_id: id,
                decision: ReviewDecision::Approved,
                body: Some("fine".into()),
                expected_source_sha: None,
            };
            tokio::spawn(async move { service.review(&ctx, command).await.unwrap().replayed })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += usize::from(!task.await.unwrap());
    }
    assert_eq!(done, 1);
    assert_eq!(world.get(id).await.reviews.len(), 1);
    assert_eq!(world.drained_types().await, ["PullRequestReviewed"]);
}

async fn the_author_strangers_and_readers_may_not_review(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.opened().await.id;
    let own = world.review(id, "ada", ReviewDecision::Approved).await;
    assert_eq!(own.unwrap_err().code(), ErrorCode::FailedPrecondition);
    let command = ReviewPullRequest {
        pull_request_id: id,
        decision: ReviewDecision::Approved,
        body: None,
        expected_source_sha: None,
    };
    let stranger = User::of("other", "bob").ctx();
    let refused = world.service.review(&stranger, command.clone()).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::NotFound);
    let writer = User::of("acme", "bob").with_scopes(&[Scope::Read, Scope::PullRequestsWrite]);
    let refused = world.service.review(&writer.ctx(), command).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::Forbidden);
    assert!(world.drain().await.is_empty());
}

async fn the_policy_names_each_missing_thing_until_it_is_there(backend: Backend) {
    let world = World::new(backend).await;
    world.demand(2, &["build"]);
    let opened = world.opened().await;
    let id = opened.id;
    world
        .review(id, "bob", ReviewDecision::Approved)
        .await
        .unwrap();
    world
        .review(id, "eve", ReviewDecision::ChangesRequested)
        .await
        .unwrap();
    let refused = world.merge(id, None).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::PolicyNotSatisfied);
    let rules: Vec<_> = refused.findings().into_iter().map(|f| f.rule).collect();
    assert_eq!(
        rules,
        ["required-approvals", "changes-requested", "required-check"]
    );
    assert_eq!(
        world.service.missing(&world.ctx, id).await.unwrap().len(),
        3
    );
    world
        .review(id, "eve", ReviewDecision::Approved)
        .await
        .unwrap();
    world
        .handle(&world.built(opened.source_sha.parse().unwrap(), "SUCCEEDED"))
        .await;
    assert!(!world.merge(id, None).await.unwrap().replayed);
}

async fn a_push_makes_approvals_stale_even_before_it_is_told(backend: Backend) {
    let world = World::new(backend).await;
    world.demand(1, &[]);
    let id = world.opened().await.id;
    world
        .review(id, "bob", ReviewDecision::Approved)
        .await
        .unwrap();
    let pushed = world.push("feature", "more.txt", "x").await;
    let refused = world.merge(id, None).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::PolicyNotSatisfied);
    assert_eq!(world.get(id).await.source_sha, pushed.to_string());
}

sluice_testkit::on_both_databases!(
    fifty_parallel_reviews_of_one_reviewer_are_one,
    the_author_strangers_and_readers_may_not_review,
    the_policy_names_each_missing_thing_until_it_is_there,
    a_push_makes_approvals_stale_even_before_it_is_told,
);

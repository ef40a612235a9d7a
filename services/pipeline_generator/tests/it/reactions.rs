use sluice_kernel::Reaction;
use sluice_pipeline_generator::{PIPELINES_BRANCH, PipelineStatus, Reactions};
use sluice_schema::events::{PipelineGenerated, PullRequestMerged};
use sluice_testkit::Backend;

use crate::fixture::World;

async fn a_merge_generates_once_however_often_it_is_handled(backend: Backend) {
    let (world, sha) = World::with_module(backend).await;
    let event = world.merged("main", sha);
    let merged: PullRequestMerged = event.decode().unwrap().unwrap();
    let twice = futures::future::join(world.handle(&event), world.handle(&event)).await;
    assert_eq!(twice, (Ok(()), Ok(())));
    world.handle(&event).await.unwrap();
    let events = world.drain().await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].trace_id, "trace-of-the-merge");
    assert_eq!(events[0].causation_id, Some(event.event_id));
    let generated: PipelineGenerated = events[0].decode().unwrap().unwrap();
    assert_eq!(generated.pull_request_id, Some(merged.pull_request_id));
    assert_eq!(generated.commit_sha, sha.to_string());
    assert!(generated.auto_run);
    assert_eq!(world.history().await.len(), 2);
    let found = world.service.get(&world.ctx, generated.pipeline_id).await;
    assert_eq!(found.unwrap().pull_request_id, Some(merged.pull_request_id));
}

async fn a_command_and_a_merge_of_the_same_commit_are_announced_once(backend: Backend) {
    let (world, sha) = World::with_module(backend).await;
    let event = world.merged("main", sha);
    let (commanded, reacted) =
        futures::future::join(world.generate(None, None), world.handle(&event)).await;
    commanded.unwrap();
    reacted.unwrap();
    assert_eq!(world.announced().await, [sha.to_string()]);
}

async fn merges_in_any_order_are_each_announced(backend: Backend) {
    let (world, first) = World::with_module(backend).await;
    let second = world.push("main", "a.txt", "x").await;
    let events = [world.merged("main", second), world.merged("main", first)];
    for event in events.iter().chain(&events) {
        world.handle(event).await.unwrap();
    }
    let both = [second.to_string(), first.to_string()];
    assert_eq!(world.announced().await, both);
    let newest = world.generate(None, None).await.unwrap();
    assert_eq!(newest.value.commit_sha, second.to_string());
}

async fn merges_elsewhere_and_into_archived_repositories_change_nothing(backend: Backend) {
    let (world, sha) = World::with_module(backend).await;
    world.handle(&world.merged("develop", sha)).await.unwrap();
    world.archive();
    world.handle(&world.merged("main", sha)).await.unwrap();
    assert_eq!(world.count().await, 0);
    assert!(world.drain().await.is_empty());
}

async fn a_merge_without_a_right_module_is_kept_and_not_announced(backend: Backend) {
    let world = World::new(backend).await;
    let sha = world.push("main", "a.txt", "x").await;
    let event = world.merged("main", sha);
    world.handle(&event).await.unwrap();
    world.handle(&event).await.unwrap();
    assert_eq!(world.count().await, 1);
    assert!(world.drain().await.is_empty());
    assert_eq!(world.head(PIPELINES_BRANCH).await, None);
    let keys = [(world.repository.id, sha.to_string())];
    let valid = world.service.find_by_commits(&world.ctx, &keys).await;
    assert!(valid.unwrap().is_empty());
    let filter = sluice_pipeline_generator::PipelineFilter {
        status: Some(PipelineStatus::Invalid),
        commit_sha: Some(sha.to_string()),
        ..Default::default()
    };
    assert_eq!(world.service.count(&world.ctx, &filter).await.unwrap(), 1);
}

async fn a_merge_of_an_unknown_repository_is_tried_again(backend: Backend) {
    let (world, sha) = World::with_module(backend).await;
    let mut event = world.merged("main", sha);
    event.payload["repositoryId"] =
        serde_json::json!(<sluice_schema::RepositoryId as sluice_schema::TypedId>::generate());
    let reactions = Reactions(world.service.clone());
    let ctx = sluice_kernel::Ctx::for_event("pipeline_generator", &event);
    let refused = reactions.handle(&ctx, &event).await.unwrap_err();
    assert!(refused.retryable, "{}", refused.message);
}

sluice_testkit::on_both_databases!(
    a_merge_generates_once_however_often_it_is_handled,
    a_command_and_a_merge_of_the_same_commit_are_announced_once,
    merges_in_any_order_are_each_announced,
    merges_elsewhere_and_into_archived_repositories_change_nothing,
    a_merge_without_a_right_module_is_kept_and_not_announced,
    a_merge_of_an_unknown_repository_is_tried_again,
);

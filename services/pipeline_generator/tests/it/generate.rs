use std::process::Command;

use sluice_git_host::GitHost;
use sluice_kernel::{ContentDigest, Fault, IdempotencyKey, directory::PipelineDirectory};
use sluice_pipeline_generator::{PIPELINES_BRANCH, PipelineStatus};
use sluice_schema::{ErrorCode, events::PipelineGenerated};
use sluice_testkit::Backend;

use crate::fixture::{World, module};

async fn the_yaml_is_in_the_repository_before_it_is_announced(backend: Backend) {
    let (world, sha) = World::with_module(backend).await;
    let done = world.generate(None, None).await.unwrap();
    assert!(!done.replayed);
    let definition = done.value;
    assert_eq!(definition.status, PipelineStatus::Valid);
    assert_eq!(definition.commit_sha, sha.to_string());
    assert_eq!(definition.meta.module_id, Some("shop".parse().unwrap()));
    let yaml = definition.yaml.clone().unwrap();
    let digest = ContentDigest::of(&yaml).to_string();
    assert_eq!(definition.content_digest, digest);
    assert_eq!(world.shown().await.as_deref(), Some(yaml.as_str()));
    let events = world.drain().await;
    let event: PipelineGenerated = events[0].decode().unwrap().unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(event.pipeline_id, definition.id);
    assert_eq!(
        Some(&event.definition_sha),
        definition.definition_sha.as_ref()
    );
    assert_eq!(world.yaml_at(&event.definition_sha).await, Some(yaml));
    assert!(event.auto_run);
    let seen = world.service.pipeline(&world.ctx, definition.id).await;
    assert_eq!(seen.unwrap().unwrap().commit_sha, sha.to_string());
}

async fn the_commit_says_where_the_yaml_comes_from_and_git_accepts_it(backend: Backend) {
    let (world, sha) = World::with_module(backend).await;
    let definition = world.generate(None, None).await.unwrap().value;
    let history = world.history().await;
    assert_eq!(history.len(), 2);
    assert!(history[1].parents.is_empty());
    let expected = [
        ("Pipeline-Id", definition.id.to_string()),
        ("Source-Commit", sha.to_string()),
        ("Content-Digest", definition.content_digest.clone()),
        ("Trace-Id", world.ctx.trace_id().to_owned()),
    ];
    let expected = expected.map(|(key, value)| (key.to_owned(), value));
    assert_eq!(history[0].trailers, expected);
    let folder = world.git.real().git_dir(&world.path);
    let fsck = Command::new("git")
        .args(["fsck", "--strict", "--no-dangling"])
        .env("GIT_DIR", folder)
        .output()
        .unwrap();
    assert!(fsck.status.success(), "{fsck:?}");
}

async fn the_same_command_again_is_a_replay(backend: Backend) {
    let (world, sha) = World::with_module(backend).await;
    let first = world.generate(None, None).await.unwrap().value;
    let head = world.head(PIPELINES_BRANCH).await;
    world.drain().await;
    let again = world.generate(Some("main"), Some(sha)).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.value, first);
    assert_eq!(world.head(PIPELINES_BRANCH).await, head);
    assert!(world.drain().await.is_empty());
}

async fn fifty_parallel_commands_make_one_definition_and_one_event(backend: Backend) {
    let (world, _) = World::with_module(backend).await;
    let all = (0..50).map(|_| world.generate(None, None));
    let all = futures::future::join_all(all).await;
    let all: Vec<_> = all.into_iter().map(Result::unwrap).collect();
    assert_eq!(all.iter().filter(|done| !done.replayed).count(), 1);
    assert!(all.iter().all(|done| done.value.id == all[0].value.id));
    assert_eq!(world.count().await, 1);
    assert_eq!(world.announced().await.len(), 1);
    assert_eq!(world.history().await.len(), 2);
}

async fn parallel_commits_with_the_same_content_share_a_definition(backend: Backend) {
    let (world, first) = World::with_module(backend).await;
    let mut commits = vec![first];
    for n in 0..7 {
        commits.push(world.push("main", &format!("{n}.txt"), "x").await);
    }
    let all = commits.iter().map(|sha| world.generate(None, Some(*sha)));
    let all = futures::future::join_all(all).await;
    assert!(all.iter().all(|done| !done.as_ref().unwrap().replayed));
    assert_eq!(world.count().await, 1);
    let mut announced = world.announced().await;
    announced.sort();
    let mut expected: Vec<_> = commits.iter().map(ToString::to_string).collect();
    expected.sort();
    assert_eq!(announced, expected);
    let definition = world.generate(None, None).await.unwrap().value;
    assert_eq!(definition.commit_sha, commits[7].to_string());
    assert_eq!(world.history().await.len(), 2);
}

async fn an_idempotency_key_stands_for_one_request(backend: Backend) {
    let (world, sha) = World::with_module(backend).await;
    let key = |request: &str| IdempotencyKey::new("k", ContentDigest::of(request)).unwrap();
    let ctx = world.ctx.with_idempotency(key("a"));
    let first = world.service.generate(&ctx, world.command(None, None));
    assert!(!first.await.unwrap().replayed);
    // The head has moved on: without the key this would be another commit.
    world.push("main", "module.yaml", &module("Other")).await;
    let again = world.service.generate(&ctx, world.command(None, None));
    let again = again.await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.value.commit_sha, sha.to_string());
    let ctx = world.ctx.with_idempotency(key("b"));
    let other = world.service.generate(&ctx, world.command(None, None));
    assert_eq!(other.await.unwrap_err().code(), ErrorCode::Conflict);
}

async fn the_project_decides_for_each_generation_whether_it_runs(backend: Backend) {
    let (world, _) = World::with_module(backend).await;
    for auto_run in [false, true, false] {
        world.set_auto_run(auto_run);
        world.push("main", "other.txt", &auto_run.to_string()).await;
        // The content is the same, so that it is the same definition each time.
        let done = world.generate(None, None).await.unwrap();
        assert_eq!(done.value.auto_run, auto_run);
        let event: PipelineGenerated = world.drain().await[0].decode().unwrap().unwrap();
        assert_eq!(event.auto_run, auto_run);
    }
    assert_eq!(world.count().await, 1);
}

async fn the_branch_cannot_be_merged_into_the_module(backend: Backend) {
    let (world, sha) = World::with_module(backend).await;
    world.generate(None, None).await.unwrap();
    let head = world.head(PIPELINES_BRANCH).await.unwrap();
    let merged = world.git.mergeable(&world.path, &sha, &head).await;
    assert_eq!(merged.unwrap_err().code(), ErrorCode::FailedPrecondition);
}

sluice_testkit::on_both_databases!(
    the_yaml_is_in_the_repository_before_it_is_announced,
    the_commit_says_where_the_yaml_comes_from_and_git_accepts_it,
    the_same_command_again_is_a_replay,
    fifty_parallel_commands_make_one_definition_and_one_event,
    parallel_commits_with_the_same_content_share_a_definition,
    an_idempotency_key_stands_for_one_request,
    the_project_decides_for_each_generation_whether_it_runs,
    the_branch_cannot_be_merged_into_the_module,
);

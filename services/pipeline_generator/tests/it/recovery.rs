use std::sync::Arc;

use sluice_git_host::{GitHost, RefChange};
use sluice_kernel::{Fault, Reconciler};
use sluice_pipeline_generator::{PIPELINES_BRANCH, Recovery};
use sluice_schema::{ErrorCode, events::PipelineGenerated};
use sluice_testkit::{Backend, GitWrite};

use crate::fixture::{World, module};

async fn reconcile(world: &World) -> usize {
    let recovery = Recovery(world.service.clone());
    recovery.reconcile().await.unwrap()
}

async fn a_crash_at_any_write_ends_in_the_same_state(backend: Backend) {
    for write in [GitWrite::Stage, GitWrite::WriteCommit, GitWrite::UpdateRef] {
        for after in [false, true] {
            let (world, sha) = World::with_module(backend).await;
            if after {
                world.git.fail_after(write);
            } else {
                world.git.fail_before(write);
            }
            let error = world.generate(None, None).await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::Unavailable);
            assert!(world.git.all_sprung());
            assert!(world.drain().await.is_empty());
            assert_eq!(reconcile(&world).await, 1);
            assert_eq!(reconcile(&world).await, 0);
            let events = world.drain().await;
            assert_eq!(events.len(), 1);
            assert_eq!(events[0].trace_id, world.ctx.trace_id());
            let event: PipelineGenerated = events[0].decode().unwrap().unwrap();
            assert_eq!(event.commit_sha, sha.to_string());
            assert_eq!(world.history().await.len(), 2, "{write:?} {after}");
            let done = world.generate(None, None).await.unwrap();
            assert!(done.replayed);
            assert_eq!(world.shown().await, done.value.yaml);
            assert_eq!(done.value.definition_sha, Some(event.definition_sha));
        }
    }
}

async fn a_retried_event_or_command_helps_to_finish(backend: Backend) {
    let (world, sha) = World::with_module(backend).await;
    let event = world.merged("main", sha);
    world.git.fail_after(GitWrite::UpdateRef);
    world.handle(&event).await.unwrap_err();
    assert!(world.generate(None, None).await.unwrap().replayed);
    world.handle(&event).await.unwrap();
    assert_eq!(reconcile(&world).await, 0);
    assert_eq!(world.announced().await, [sha.to_string()]);
    assert_eq!(world.history().await.len(), 2);
}

async fn a_crash_while_standing_aside_leaves_one_carrier(backend: Backend) {
    let (world, older) = World::with_module(backend).await;
    world.push("main", "module.yaml", &module("Other")).await;
    let newer = world.generate(None, None).await.unwrap().value;
    world.git.fail_after(GitWrite::UpdateRef);
    world.generate(None, Some(older)).await.unwrap_err();
    assert_eq!(reconcile(&world).await, 1);
    assert_eq!(world.history().await.len(), 4);
    assert_eq!(world.shown().await, newer.yaml);
}

async fn a_branch_that_moves_meanwhile_loses_nothing(backend: Backend) {
    let (world, _) = World::with_module(backend).await;
    world.generate(None, None).await.unwrap();
    world.push("main", "module.yaml", &module("Other")).await;
    let world = Arc::new(world);
    let other = world.clone();
    world.git.before(GitWrite::UpdateRef, async move {
        other.push(PIPELINES_BRANCH, "README", "x").await;
    });
    let definition = world.generate(None, None).await.unwrap().value;
    assert_eq!(world.shown().await, definition.yaml);
    let head = world.head(PIPELINES_BRANCH).await.unwrap();
    let files = world.git.list_files(&world.path, &head, 10).await.unwrap();
    assert!(files.iter().any(|file| file.path == "README"));
}

async fn a_branch_in_the_way_is_a_conflict_until_it_is_gone(backend: Backend) {
    let (world, sha) = World::with_module(backend).await;
    world.push("sluice", "a.txt", "x").await;
    let error = world.generate(None, None).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict);
    assert_eq!(reconcile(&world).await, 0);
    let gone = RefChange {
        expected: world.head("sluice").await,
        new: None,
    };
    let name = "sluice".parse().unwrap();
    world
        .git
        .update_ref(&world.path, &name, gone)
        .await
        .unwrap();
    assert_eq!(reconcile(&world).await, 1);
    assert_eq!(world.announced().await, [sha.to_string()]);
}

sluice_testkit::on_both_databases!(
    a_crash_at_any_write_ends_in_the_same_state,
    a_retried_event_or_command_helps_to_finish,
    a_crash_while_standing_aside_leaves_one_carrier,
    a_branch_that_moves_meanwhile_loses_nothing,
    a_branch_in_the_way_is_a_conflict_until_it_is_gone,
);

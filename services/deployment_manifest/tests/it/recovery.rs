use std::sync::Arc;

use sluice_deployment_manifest::{ManifestStatus, RENDERED_BRANCH, Recovery};
use sluice_kernel::{Fault, Reconciler};
use sluice_schema::ErrorCode;
use sluice_testkit::{Backend, GitWrite, drain, push};

use crate::fixture::World;

async fn reconcile(world: &World) -> usize {
    let recovery = Recovery(world.service.clone());
    recovery.reconcile().await.unwrap()
}

async fn a_crash_at_any_write_ends_in_the_same_state(backend: Backend) {
    let writes = [
        GitWrite::Provision,
        GitWrite::Stage,
        GitWrite::WriteCommit,
        GitWrite::UpdateRef,
    ];
    for write in writes {
        for after in [false, true] {
            let world = World::new(backend).await;
            if after {
                world.git.fail_after(write);
            } else {
                world.git.fail_before(write);
            }
            let error = world.refused("dev").await;
            assert_eq!(error.code(), ErrorCode::Unavailable);
            assert!(world.git.all_sprung());
            assert!(drain(&world.store).await.is_empty());
            assert_eq!(reconcile(&world).await, 1);
            assert_eq!(reconcile(&world).await, 0);
            let events = drain(&world.store).await;
            assert_eq!(events.len(), 1);
            assert_eq!(events[0].trace_id, world.ctx.trace_id());
            assert_eq!(world.history().await.len(), 2, "{write:?} {after}");
            let done = world.render("dev").await.unwrap();
            assert!(done.replayed);
            assert_eq!(done.value.status, ManifestStatus::Rendered);
        }
    }
}

async fn a_retried_command_helps_to_finish(backend: Backend) {
    let world = World::new(backend).await;
    world.git.fail_after(GitWrite::UpdateRef);
    world.refused("dev").await;
    assert!(world.render("dev").await.unwrap().replayed);
    assert_eq!(reconcile(&world).await, 0);
    assert_eq!(world.announced().await.len(), 1);
}

async fn a_branch_that_moves_meanwhile_loses_nothing(backend: Backend) {
    let world = Arc::new(World::new(backend).await);
    world.render("dev").await.unwrap();
    let other = world.clone();
    world.git.before(GitWrite::UpdateRef, async move {
        let path = other.gitops();
        push(other.git.real(), &path, RENDERED_BRANCH, "README", "x").await;
    });
    let manifest = world.render("prod").await.unwrap().value;
    let paths = world.paths(&manifest.commit_sha.clone().unwrap()).await;
    assert!(paths.contains(&"README".to_owned()), "{paths:?}");
}

async fn a_manifest_that_landed_is_found_below_later_ones(backend: Backend) {
    let world = World::new(backend).await;
    world.git.fail_after(GitWrite::UpdateRef);
    world.refused("dev").await;
    let landed = world.history().await[0].id.to_string();
    world.render("prod").await.unwrap();
    assert_eq!(reconcile(&world).await, 1);
    let done = world.render("dev").await.unwrap();
    assert_eq!(done.value.commit_sha, Some(landed));
    assert_eq!(world.history().await.len(), 3);
}

sluice_testkit::on_both_databases!(
    a_crash_at_any_write_ends_in_the_same_state,
    a_retried_command_helps_to_finish,
    a_branch_that_moves_meanwhile_loses_nothing,
    a_manifest_that_landed_is_found_below_later_ones,
);

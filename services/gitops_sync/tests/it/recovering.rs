use std::sync::{Arc, atomic::Ordering};

use chrono::TimeDelta;
use sluice_gitops_sync::{AttemptOutcome, Operation, SyncGitOps, SyncStatus};
use sluice_testkit::{Backend, eventually, on_both_databases};

use crate::world::*;

on_both_databases!(
    an_attempt_that_died_before_it_acted_is_taken_over,
    an_attempt_that_died_after_it_acted_is_recorded_once,
    a_promotion_that_was_noted_and_not_begun_is_synchronised_by_the_timer,
    a_process_that_was_only_slow_changes_nothing_after_it_was_taken_over,
);

/// Promotes in a process that dies in the middle of its apply.
async fn died(world: &Arc<World>) {
    let commit = world.declare(&[("a", "1")]).await;
    let event = world.promotion(&commit, "sha256:x");
    let process = tokio::spawn({
        let world = world.clone();
        async move { world.handle(&event).await }
    });
    eventually("the apply hangs", || async {
        world.target.hanging.load(Ordering::SeqCst).then_some(())
    })
    .await;
    process.abort();
    let _ = process.await;
    let state = world.state().await;
    assert_eq!(state.operation, Operation::Running);
    assert_eq!(world.attempts().await[0].outcome, AttemptOutcome::Running);
}

async fn is_finished(world: &World) {
    assert_eq!(world.reconcile().await, 0, "the lease is respected");
    world.clock.advance(TimeDelta::minutes(3));
    assert_eq!(world.reconcile().await, 1);
    let state = world.state().await;
    assert_eq!(
        (state.sync, state.operation),
        (SyncStatus::Synced, Operation::Idle)
    );
    assert_eq!(world.event_types().await, ["GitOpsSynced"]);
    let attempts = world.attempts().await;
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].outcome, AttemptOutcome::Succeeded);
    assert_eq!(world.reconcile().await, 0);
}

async fn an_attempt_that_died_before_it_acted_is_taken_over(backend: Backend) {
    let world = Arc::new(world(backend).await);
    world.target.hang_before.store(true, Ordering::SeqCst);
    died(&world).await;
    is_finished(&world).await;
}

async fn an_attempt_that_died_after_it_acted_is_recorded_once(backend: Backend) {
    let world = Arc::new(world(backend).await);
    world.target.hang_after.store(true, Ordering::SeqCst);
    died(&world).await;
    is_finished(&world).await;
}

async fn a_promotion_that_was_noted_and_not_begun_is_synchronised_by_the_timer(backend: Backend) {
    let world = world(backend).await;
    world.promote(&[("a", "1")]).await;
    let id = world.state().await.id;
    // A pause keeps the reaction from going on; its end is like a new process.
    let pause = sluice_gitops_sync::PauseGitOps {
        sync_id: id,
        reason: "x".to_owned(),
    };
    world.service.pause(&ada(), pause).await.unwrap();
    let (commit, _) = world.promote(&[("a", "2")]).await;
    assert!(world.state().await.pending.is_some());
    let resume = sluice_gitops_sync::ResumeGitOps { sync_id: id };
    world.service.resume(&ada(), resume).await.unwrap();
    world.reconcile().await;
    let state = world.state().await;
    assert_eq!(state.applied.as_ref().unwrap().revision, commit);
    assert!(state.pending.is_none());
}

async fn a_process_that_was_only_slow_changes_nothing_after_it_was_taken_over(backend: Backend) {
    let world = Arc::new(world(backend).await);
    world.target.hang_before.store(true, Ordering::SeqCst);
    died(&world).await;
    let stale = world.state().await;
    is_finished(&world).await;
    // A command finds the target in step, whatever the dead process had in mind.
    let replay = world
        .service
        .sync(&ada(), SyncGitOps::of(stale.id))
        .await
        .unwrap();
    assert!(replay.replayed);
    assert_eq!(world.target.applies.load(Ordering::SeqCst), 1);
}

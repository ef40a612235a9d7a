use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chrono::TimeDelta;
use sluice_gitops_sync::{AttemptOutcome, Operation, SyncStatus};
use sluice_testkit::{Backend, eventually, on_both_databases};
use tokio::task::JoinHandle;

use crate::world::*;

on_both_databases!(
    an_attempt_that_died_before_it_acted_is_taken_over,
    an_attempt_that_died_after_it_acted_is_recorded_once,
    a_promotion_that_was_noted_and_not_begun_is_synchronised_by_the_timer,
    a_process_that_was_only_slow_changes_nothing_after_it_was_taken_over,
);

const A: &str = "configmap.shop.a.yaml";

/// Promotes in a process that stops where the trap is.
async fn stopped(world: &Arc<World>, trap: &AtomicBool) -> JoinHandle<()> {
    trap.store(true, Ordering::SeqCst);
    let commit = world.declare(&[("a", "1")]).await;
    let event = world.promotion(&commit, "sha256:x");
    let process = tokio::spawn({
        let world = world.clone();
        async move { world.handle(&event).await }
    });
    eventually("the process stops", || async {
        world.target.hanging.load(Ordering::SeqCst).then_some(())
    })
    .await;
    process
}

async fn died(world: &Arc<World>, trap: &AtomicBool) {
    let process = stopped(world, trap).await;
    process.abort();
    let _ = process.await;
}

async fn is_running(world: &World) {
    assert_eq!(world.state().await.operation, Operation::Running);
    let attempts = world.attempts().await;
    assert_eq!(attempts[0].outcome, AttemptOutcome::Running);
    assert_eq!(world.reconcile().await, 0, "the lease is respected");
}

async fn is_taken_over(world: &World) {
    world.clock.advance(TimeDelta::minutes(3));
    assert_eq!(world.reconcile().await, 1);
    is_finished_once(world).await;
    assert_eq!(world.reconcile().await, 0);
}

async fn is_finished_once(world: &World) {
    let state = world.state().await;
    assert_eq!(
        (state.sync, state.operation),
        (SyncStatus::Synced, Operation::Idle)
    );
    assert_eq!(world.read(A), Some(config("a", "1")));
    assert_eq!(world.event_types().await, ["GitOpsSynced"]);
    let attempts = world.attempts().await;
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].outcome, AttemptOutcome::Succeeded);
}

async fn an_attempt_that_died_before_it_acted_is_taken_over(backend: Backend) {
    let world = Arc::new(world(backend).await);
    died(&world, &world.target.hang_before).await;
    is_running(&world).await;
    is_taken_over(&world).await;
}

async fn an_attempt_that_died_after_it_acted_is_recorded_once(backend: Backend) {
    let world = Arc::new(world(backend).await);
    died(&world, &world.target.hang_after).await;
    is_running(&world).await;
    is_taken_over(&world).await;
}

async fn a_promotion_that_was_noted_and_not_begun_is_synchronised_by_the_timer(backend: Backend) {
    let world = Arc::new(world(backend).await);
    died(&world, &world.target.hang_look).await;
    let state = world.state().await;
    assert!(state.pending.is_some() && state.running.is_none());
    assert_eq!(world.reconcile().await, 1);
    is_finished_once(&world).await;
}

async fn a_process_that_was_only_slow_changes_nothing_after_it_was_taken_over(backend: Backend) {
    let world = Arc::new(world(backend).await);
    let slow = stopped(&world, &world.target.hang_before).await;
    is_taken_over(&world).await;
    world.promote(&[("a", "2")]).await;
    world.target.resume.notify_one();
    slow.await.unwrap();
    assert_eq!(world.read(A), Some(config("a", "2")));
    assert_eq!(world.event_types().await, ["GitOpsSynced"; 2]);
    let attempts = world.attempts().await;
    assert!(
        attempts
            .iter()
            .all(|attempt| attempt.outcome == AttemptOutcome::Succeeded)
    );
}

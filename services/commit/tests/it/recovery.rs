use chrono::TimeDelta;
use sluice_commit::{CommitFilter, CommitOrder, CommitStatus, Recovery};
use sluice_kernel::{Direction, Fault, PageRequest, Reconciler};
use sluice_schema::ErrorCode;
use sluice_testkit::{Backend, GitWrite};

use crate::fixture::{World, put};

async fn statuses(world: &World) -> Vec<CommitStatus> {
    let filter = CommitFilter {
        include_failed: true,
        ..CommitFilter::default()
    };
    let order = (CommitOrder::default(), Direction::Ascending);
    let request = PageRequest::first(10);
    let page = world.service.page(&world.ctx, &filter, order, &request);
    let items = page.await.unwrap().items;
    items.iter().map(|commit| commit.status).collect()
}

async fn a_crash_at_any_point_ends_in_the_same_state(backend: Backend) {
    for (write, after) in [
        (GitWrite::WriteCommit, false),
        (GitWrite::WriteCommit, true),
        (GitWrite::UpdateRef, false),
        (GitWrite::UpdateRef, true),
    ] {
        let world = World::new(backend).await;
        match after {
            true => world.git.fail_after(write),
            false => world.git.fail_before(write),
        }
        let failed = world.run(world.command(vec![put("a.txt", "a")])).await;
        assert_eq!(failed.unwrap_err().code(), ErrorCode::Unavailable);
        assert_eq!(world.events().await, 0);
        let recovery = Recovery(world.service.clone());
        assert_eq!(recovery.reconcile().await.unwrap(), 1);
        assert_eq!(recovery.reconcile().await.unwrap(), 0);
        assert_eq!(statuses(&world).await, [CommitStatus::Created]);
        assert_eq!((world.length().await, world.events().await), (1, 1));
        let again = world.run(world.command(vec![put("a.txt", "a")])).await;
        assert!(again.unwrap().replayed);
    }
}

async fn a_crash_before_the_intent_leaves_nothing(backend: Backend) {
    let world = World::new(backend).await;
    world.git.fail_after(GitWrite::Stage);
    let failed = world.run(world.command(vec![put("a.txt", "a")])).await;
    assert!(failed.is_err());
    assert_eq!(statuses(&world).await, []);
    assert_eq!(world.length().await, 0);
    world.commit(vec![put("a.txt", "a")]).await;
}

async fn a_repeated_command_finishes_what_a_crash_left(backend: Backend) {
    for write in [GitWrite::WriteCommit, GitWrite::UpdateRef] {
        let world = World::new(backend).await;
        world.git.fail_after(write);
        let command = world.command(vec![put("a.txt", "a")]);
        world.run(command.clone()).await.unwrap_err();
        let outcome = world.run(command).await.unwrap();
        assert!(outcome.replayed && outcome.value.status == CommitStatus::Created);
        assert_eq!((world.length().await, world.events().await), (1, 1));
    }
}

async fn a_commit_that_the_branch_has_below_its_head_is_found(backend: Backend) {
    let world = World::new(backend).await;
    world.git.fail_after(GitWrite::UpdateRef);
    let failed = world.run(world.command(vec![put("a.txt", "a")])).await;
    failed.unwrap_err();
    let made = world.head().await;
    world.push("b.txt", "b").await;
    assert_eq!(
        Recovery(world.service.clone()).reconcile().await.unwrap(),
        1
    );
    let keys = [(world.repository.id, made.to_string())];
    let found = world.service.find_by_shas(&world.ctx, &keys).await.unwrap();
    assert_eq!(found[&keys[0]].status, CommitStatus::Created);
    assert_eq!((world.length().await, world.events().await), (2, 1));
}

async fn a_branch_that_moved_gets_the_change_merged(backend: Backend) {
    let world = World::new(backend).await;
    world.git.fail_before(GitWrite::UpdateRef);
    let failed = world.run(world.command(vec![put("a.txt", "a")])).await;
    failed.unwrap_err();
    world.push("b.txt", "b").await;
    let recovery = Recovery(world.service.clone());
    // A command may still be at work, which has the files.
    assert_eq!(recovery.reconcile().await.unwrap(), 0);
    world.clock.advance(TimeDelta::minutes(2));
    assert_eq!(recovery.reconcile().await.unwrap(), 1);
    assert_eq!(world.text("a.txt").await.as_deref(), Some("a"));
    assert_eq!(world.text("b.txt").await.as_deref(), Some("b"));
    assert_eq!((world.length().await, world.events().await), (2, 1));
}

async fn a_change_that_conflicts_with_what_came_is_given_up(backend: Backend) {
    let world = World::new(backend).await;
    world.commit(vec![put("a.txt", "1")]).await;
    world.drain().await;
    world.git.fail_before(GitWrite::UpdateRef);
    let command = world.command(vec![put("a.txt", "2")]);
    world.run(command.clone()).await.unwrap_err();
    world.push("a.txt", "3").await;
    world.clock.advance(TimeDelta::minutes(2));
    assert_eq!(
        Recovery(world.service.clone()).reconcile().await.unwrap(),
        1
    );
    assert_eq!(
        statuses(&world).await,
        [CommitStatus::Created, CommitStatus::Failed]
    );
    assert_eq!(world.text("a.txt").await.as_deref(), Some("3"));
    assert_eq!(world.events().await, 0);
    // The caller may say it again, on what is there now.
    assert!(!world.run(command).await.unwrap().replayed);
    assert_eq!(world.text("a.txt").await.as_deref(), Some("2"));
}

sluice_testkit::on_both_databases!(
    a_crash_at_any_point_ends_in_the_same_state,
    a_crash_before_the_intent_leaves_nothing,
    a_repeated_command_finishes_what_a_crash_left,
    a_commit_that_the_branch_has_below_its_head_is_found,
    a_branch_that_moved_gets_the_change_merged,
    a_change_that_conflicts_with_what_came_is_given_up,
);

use sluice_branch::BranchStatus;
use sluice_testkit::{Backend, GitWrite};

use crate::fixture::World;

async fn the_default_branch_is_recorded_once_and_protected(backend: Backend) {
    let world = World::bare(backend).await;
    let event = world.provisioned();
    world.handle(&event).await;
    world.handle(&event).await;
    world.handle(&world.provisioned()).await;
    let main = world.named("main").await.unwrap();
    assert!(main.is_default && main.policy.is_protected);
    assert_eq!(main.head_sha, world.root.to_string());
    assert_eq!(world.drained_types().await, ["BranchCreated"]);
}

async fn heads_follow_the_git_host_whatever_the_order_of_events(backend: Backend) {
    let world = World::new(backend).await;
    world.create("x", None).await.unwrap();
    let older = world.push("x", "a.txt").await;
    let newer = world.push("x", "b.txt").await;
    let (first, second) = (world.committed("x", older), world.committed("x", newer));
    world.handle(&second).await;
    let version = world.named("x").await.unwrap().meta.version;
    for event in [&first, &second, &first] {
        world.handle(event).await;
        let branch = world.named("x").await.unwrap();
        assert_eq!(branch.head_sha, newer.to_string());
        assert_eq!(branch.meta.version, version);
    }
}

async fn a_commit_on_an_unknown_branch_changes_nothing(backend: Backend) {
    let world = World::new(backend).await;
    world.handle(&world.committed("nowhere", world.root)).await;
    assert!(world.named("nowhere").await.is_none());
}

async fn a_merge_moves_the_target_and_deletes_the_source_once(backend: Backend) {
    let world = World::new(backend).await;
    world.create("x", None).await.unwrap();
    let tip = world.push("x", "a.txt").await;
    let merged = world.push("main", "a.txt").await;
    world.drain().await;
    let event = world.merged("x", tip, true);
    world.handle(&event).await;
    assert_eq!(
        world.named("main").await.unwrap().head_sha,
        merged.to_string()
    );
    assert!(world.named("x").await.is_none());
    assert_eq!(world.head("x").await, None);
    // A new branch of the name is not the one that was merged.
    world.create("x", Some(&tip.to_string())).await.unwrap();
    world.handle(&event).await;
    assert_eq!(world.head("x").await, Some(tip));
    assert_eq!(
        world.drained_types().await,
        ["BranchDeleted", "BranchCreated"]
    );
}

async fn a_source_that_moved_on_or_is_protected_stays(backend: Backend) {
    let world = World::new(backend).await;
    world.create("x", None).await.unwrap();
    let tip = world.push("x", "a.txt").await;
    let later = world.push("x", "b.txt").await;
    world.handle(&world.merged("x", tip, true)).await;
    assert_eq!(world.head("x").await, Some(later));
    world.handle(&world.merged("x", later, false)).await;
    assert_eq!(world.head("x").await, Some(later));
    let main = world.head("main").await.unwrap();
    world.handle(&world.merged("main", main, true)).await;
    assert_eq!(world.head("main").await, Some(main));
}

async fn what_is_declared_to_environments_moves_the_recorded_heads_once(backend: Backend) {
    let world = World::new(backend).await;
    world.create("x", None).await.unwrap();
    let main = world.push("main", "a.txt").await;
    let other = world.push("x", "b.txt").await;
    let event = world.promoted(main);
    world.handle(&event).await;
    let heads = [
        world.named("main").await.unwrap(),
        world.named("x").await.unwrap(),
    ];
    assert_eq!(heads[0].head_sha, main.to_string());
    assert_eq!(heads[1].head_sha, other.to_string());
    let later = world.push("main", "c.txt").await;
    world.handle(&event).await;
    let seen = world.named("main").await.unwrap();
    assert_eq!(
        seen.head_sha,
        main.to_string(),
        "a repeated event has no effect"
    );
    world.handle(&world.rendered(later)).await;
    let seen = world.named("main").await.unwrap();
    assert_eq!(seen.head_sha, later.to_string());
}

async fn branches_of_the_server_are_not_recorded(backend: Backend) {
    let world = World::new(backend).await;
    let head = sluice_git_host::RefChange {
        expected: None,
        new: Some(world.root),
    };
    let rendered = "sluice/rendered".parse().unwrap();
    let git = world.git.real();
    sluice_git_host::GitHost::update_ref(git, &world.path, &rendered, head)
        .await
        .unwrap();
    world.drain().await;
    world.handle(&world.rendered(world.root)).await;
    assert!(world.named("sluice/rendered").await.is_none());
    assert!(world.drained_types().await.is_empty());
    // A repository that is not known yet has no branches to move.
    let bare = World::bare(backend).await;
    bare.handle(&bare.promoted(bare.root)).await;
    assert!(bare.named("main").await.is_none());
}

async fn a_source_whose_deletion_failed_is_left_to_recovery(backend: Backend) {
    use sluice_kernel::Reconciler;
    let world = World::new(backend).await;
    world.create("x", None).await.unwrap();
    let tip = world.push("x", "a.txt").await;
    world.git.fail_before(GitWrite::UpdateRef);
    world.handle(&world.merged("x", tip, true)).await;
    let left = world.named("x").await.unwrap();
    assert_eq!(left.status, BranchStatus::Deleting);
    let recovery = sluice_branch::Recovery(world.service.clone());
    assert_eq!(recovery.reconcile().await.unwrap(), 1);
    assert_eq!(world.head("x").await, None);
}

sluice_testkit::on_both_databases!(
    the_default_branch_is_recorded_once_and_protected,
    heads_follow_the_git_host_whatever_the_order_of_events,
    a_commit_on_an_unknown_branch_changes_nothing,
    a_merge_moves_the_target_and_deletes_the_source_once,
    a_source_that_moved_on_or_is_protected_stays,
    what_is_declared_to_environments_moves_the_recorded_heads_once,
    branches_of_the_server_are_not_recorded,
    a_source_whose_deletion_failed_is_left_to_recovery,
);

use std::sync::Arc;

use futures::future::join_all;
use sluice_branch::{Branch, BranchError, BranchStatus, DeleteBranch, Recovery, SetBranchPolicy};
use sluice_git_host::GitHost;
use sluice_kernel::{Fault, Outcome, Reconciler};
use sluice_schema::{BranchId, ErrorCode, TypedId, events::BranchPolicy};
use sluice_testkit::{Backend, GitWrite, push};

use crate::fixture::World;

async fn delete(world: &World, id: BranchId) -> Result<Outcome<Arc<Branch>>, BranchError> {
    let command = DeleteBranch { branch_id: id };
    world.service.delete(&world.ctx, command).await
}

async fn a_deleted_branch_is_gone_and_its_name_is_free(backend: Backend) {
    let world = World::new(backend).await;
    let first = world.create("x", None).await.unwrap().value;
    let tip = world.push("x", "a.txt").await;
    let gone = delete(&world, first.id).await.unwrap();
    assert!(!gone.replayed && gone.value.status == BranchStatus::Deleted);
    assert_eq!(gone.value.head_sha, tip.to_string());
    assert_eq!(world.head("x").await, None);
    assert!(world.named("x").await.is_none());
    assert!(delete(&world, first.id).await.unwrap().replayed);
    let second = world.create("x", None).await.unwrap();
    assert!(!second.replayed && second.value.id != first.id);
    assert_eq!(
        world.drained_types().await,
        ["BranchCreated", "BranchDeleted", "BranchCreated"]
    );
}

async fn fifty_deletions_take_effect_once(backend: Backend) {
    let world = World::new(backend).await;
    let branch = world.create("x", None).await.unwrap().value;
    world.drain().await;
    let all = join_all((0..50).map(|_| delete(&world, branch.id))).await;
    let fresh = all.iter().filter(|o| !o.as_ref().unwrap().replayed);
    assert_eq!(fresh.count(), 1);
    assert_eq!(world.drained_types().await, ["BranchDeleted"]);
}

async fn default_protected_and_unknown_branches_are_refused(backend: Backend) {
    let world = World::new(backend).await;
    let main = world.named("main").await.unwrap();
    let code = |refused: Result<Outcome<Arc<Branch>>, BranchError>| refused.unwrap_err().code();
    assert_eq!(
        code(delete(&world, main.id).await),
        ErrorCode::FailedPrecondition
    );
    let branch = world.create("x", None).await.unwrap().value;
    let protect = SetBranchPolicy {
        branch_id: branch.id,
        policy: BranchPolicy {
            is_protected: true,
            required_approvals: 0,
            required_checks: Vec::new(),
        },
        expected_version: None,
    };
    world.service.set_policy(&world.ctx, protect).await.unwrap();
    assert_eq!(
        code(delete(&world, branch.id).await),
        ErrorCode::BranchProtected
    );
    assert_eq!(
        code(delete(&world, TypedId::generate()).await),
        ErrorCode::NotFound
    );
}

async fn a_commit_that_comes_in_between_is_not_lost(backend: Backend) {
    let world = World::new(backend).await;
    let branch = world.create("x", None).await.unwrap().value;
    let (git, path) = (world.git.clone(), world.path.clone());
    world.git.before(GitWrite::UpdateRef, async move {
        push(git.real(), &path, "x", "late.txt", "x").await;
    });
    // The first attempt finds the branch moved and keeps it; the second takes the new head.
    let late = delete(&world, branch.id).await.unwrap().value;
    assert_eq!(late.status, BranchStatus::Deleted);
    let head = late.head_sha.parse().unwrap();
    let files = world.git.list_files(&world.path, &head, 10);
    assert_eq!(files.await.unwrap()[0].path, "late.txt");
}

async fn a_crash_before_or_after_the_git_host_acts_ends_in_the_same_state(backend: Backend) {
    for after in [false, true] {
        let world = World::new(backend).await;
        let branch = world.create("x", None).await.unwrap().value;
        world.drain().await;
        match after {
            true => world.git.fail_after(GitWrite::UpdateRef),
            false => world.git.fail_before(GitWrite::UpdateRef),
        }
        delete(&world, branch.id).await.unwrap_err();
        let recovery = Recovery(world.service.clone());
        assert_eq!(recovery.reconcile().await.unwrap(), 1);
        assert_eq!(recovery.reconcile().await.unwrap(), 0);
        assert_eq!(world.head("x").await, None);
        assert_eq!(world.drained_types().await, ["BranchDeleted"]);
    }
}

async fn a_deletion_left_half_done_is_finished_by_who_wants_the_name(backend: Backend) {
    let world = World::new(backend).await;
    let first = world.create("x", None).await.unwrap().value;
    world.git.fail_before(GitWrite::UpdateRef);
    delete(&world, first.id).await.unwrap_err();
    let second = world.create("x", None).await.unwrap();
    assert!(!second.replayed && second.value.id != first.id);
    assert_eq!(world.head("x").await, Some(world.root));
}

sluice_testkit::on_both_databases!(
    a_deleted_branch_is_gone_and_its_name_is_free,
    fifty_deletions_take_effect_once,
    default_protected_and_unknown_branches_are_refused,
    a_commit_that_comes_in_between_is_not_lost,
    a_crash_before_or_after_the_git_host_acts_ends_in_the_same_state,
    a_deletion_left_half_done_is_finished_by_who_wants_the_name,
);

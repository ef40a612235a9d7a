use futures::future::join_all;
use sluice_branch::{BranchStatus, Recovery};
use sluice_kernel::{ContentDigest, Fault, IdempotencyKey, Reconciler, directory::BranchDirectory};
use sluice_schema::ErrorCode;
use sluice_testkit::{Backend, GitWrite, User};

use crate::fixture::World;

async fn a_branch_starts_from_the_default_branch_and_is_announced_once(backend: Backend) {
    let world = World::new(backend).await;
    let head = world.push("main", "a.txt").await;
    let outcome = world.create("feature/x", None).await.unwrap();
    assert!(!outcome.replayed);
    assert_eq!(outcome.value.status, BranchStatus::Active);
    assert_eq!(outcome.value.from_commit_sha, head.to_string());
    assert_eq!(outcome.value.meta.module_id, world.repository.module_id);
    assert_eq!(world.head("feature/x").await, Some(head));
    assert_eq!(world.drained_types().await, ["BranchCreated"]);
}

async fn a_branch_starts_from_another_branch_or_a_commit(backend: Backend) {
    let world = World::new(backend).await;
    world.create("a", None).await.unwrap();
    let tip = world.push("a", "a.txt").await;
    let from_branch = world.create("b", Some("a")).await.unwrap();
    assert_eq!(from_branch.value.from_commit_sha, tip.to_string());
    let from_sha = world.create("c", Some(&world.root.to_string())).await;
    assert_eq!(
        from_sha.unwrap().value.from_commit_sha,
        world.root.to_string()
    );
}

async fn fifty_identical_commands_make_one_branch_and_one_event(backend: Backend) {
    let world = World::new(backend).await;
    let all = join_all((0..50).map(|_| world.create("feature/x", None))).await;
    let outcomes: Vec<_> = all.into_iter().map(Result::unwrap).collect();
    let id = outcomes[0].value.id;
    assert!(outcomes.iter().all(|outcome| outcome.value.id == id));
    assert_eq!(outcomes.iter().filter(|o| o.replayed).count(), 49);
    assert_eq!(world.drained_types().await, ["BranchCreated"]);
}

async fn the_same_name_with_another_base_is_a_conflict(backend: Backend) {
    let world = World::new(backend).await;
    let first = world.create("x", None).await.unwrap();
    let moved = world.push("main", "a.txt").await;
    let same = world.create("x", None).await.unwrap();
    assert!(same.replayed && same.value.id == first.value.id);
    let same = world.create("x", Some(&world.root.to_string())).await;
    assert!(same.unwrap().replayed);
    let other = world.create("x", Some(&moved.to_string())).await;
    let refused = other.unwrap_err();
    assert_eq!(
        (refused.code(), refused.field().as_deref()),
        (ErrorCode::Conflict, Some("name"))
    );
}

async fn bad_input_names_the_field(backend: Backend) {
    let world = World::new(backend).await;
    for (name, from, field) in [
        ("a..b", None, "name"),
        ("HEAD", None, "name"),
        ("sluice/pipelines", None, "name"),
        ("sluice", None, "name"),
        ("x", Some("nowhere"), "from"),
        ("x", Some("a b"), "from"),
        ("x", Some(&*"0".repeat(40)), "from"),
    ] {
        let refused = world.create(name, from).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::InvalidInput, "{name} {from:?}");
        assert_eq!(refused.field().as_deref(), Some(field));
    }
    assert!(world.drained_types().await.is_empty());
}

async fn foreign_repositories_do_not_exist_and_archived_ones_take_no_branches(backend: Backend) {
    let mut world = World::new(backend).await;
    let mine = world.ctx.clone();
    for user in [
        User::of("other", "eve"),
        User::of("acme", "eve").in_projects(&["api"]),
    ] {
        world.ctx = user.ctx();
        let refused = world.create("x", None).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::NotFound);
    }
    world.ctx = User::of("acme", "eve")
        .with_scopes(&[sluice_schema::Scope::Read])
        .ctx();
    let refused = world.create("x", None).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    world.ctx = mine;
    world.archive();
    let refused = world.create("x", None).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::FailedPrecondition);
}

async fn an_idempotency_key_finds_its_branch_and_refuses_another_request(backend: Backend) {
    let mut world = World::new(backend).await;
    let plain = world.ctx.clone();
    let with = |request: &str| {
        plain.with_idempotency(IdempotencyKey::new("k1", ContentDigest::of(request)).unwrap())
    };
    world.ctx = with("x");
    let first = world.create("x", None).await.unwrap();
    let again = world.create("x", None).await.unwrap();
    assert!(again.replayed && again.value.id == first.value.id);
    world.ctx = with("y");
    let refused = world.create("y", None).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
}

async fn a_name_that_clashes_is_refused_and_stays_free(backend: Backend) {
    let world = World::new(backend).await;
    world.create("feature/x", None).await.unwrap();
    let refused = world.create("feature", None).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
    assert!(world.named("feature").await.is_none());
    assert_eq!(world.drained_types().await, ["BranchCreated"]);
}

async fn the_default_branch_is_found_even_before_its_event(backend: Backend) {
    let world = World::bare(backend).await;
    let outcome = world.create("main", None).await.unwrap();
    assert!(outcome.replayed && outcome.value.is_default);
    assert!(outcome.value.policy.is_protected);
    world.handle(&world.provisioned()).await;
    assert_eq!(world.drained_types().await, ["BranchCreated"]);
}

async fn a_crash_before_or_after_the_git_host_acts_ends_in_the_same_state(backend: Backend) {
    for after in [false, true] {
        let world = World::new(backend).await;
        match after {
            true => world.git.fail_after(GitWrite::UpdateRef),
            false => world.git.fail_before(GitWrite::UpdateRef),
        }
        let failed = world.create("x", None).await.unwrap_err();
        assert_eq!(failed.code(), ErrorCode::Unavailable);
        let directory: &dyn BranchDirectory = &world.service;
        let view = directory.branch(&world.ctx, world.repository.id, "x");
        assert!(
            view.await.unwrap().is_none(),
            "a half-made branch is hidden"
        );
        assert!(world.drained_types().await.is_empty());
        let recovery = Recovery(world.service.clone());
        assert_eq!(recovery.reconcile().await.unwrap(), 1);
        assert_eq!(recovery.reconcile().await.unwrap(), 0);
        assert_eq!(world.head("x").await, Some(world.root));
        assert_eq!(world.drained_types().await, ["BranchCreated"]);
        assert!(world.create("x", None).await.unwrap().replayed);
    }
}

async fn a_repeated_command_finishes_what_a_crash_left(backend: Backend) {
    let world = World::new(backend).await;
    world.git.fail_after(GitWrite::UpdateRef);
    world.create("x", None).await.unwrap_err();
    let outcome = world.create("x", None).await.unwrap();
    assert!(outcome.replayed && outcome.value.status == BranchStatus::Active);
    assert_eq!(world.drained_types().await, ["BranchCreated"]);
}

sluice_testkit::on_both_databases!(
    a_branch_starts_from_the_default_branch_and_is_announced_once,
    a_branch_starts_from_another_branch_or_a_commit,
    fifty_identical_commands_make_one_branch_and_one_event,
    the_same_name_with_another_base_is_a_conflict,
    bad_input_names_the_field,
    foreign_repositories_do_not_exist_and_archived_ones_take_no_branches,
    an_idempotency_key_finds_its_branch_and_refuses_another_request,
    a_name_that_clashes_is_refused_and_stays_free,
    the_default_branch_is_found_even_before_its_event,
    a_crash_before_or_after_the_git_host_acts_ends_in_the_same_state,
    a_repeated_command_finishes_what_a_crash_left,
);

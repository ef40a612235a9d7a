use futures::future::join_all;
use sluice_branch::SetBranchPolicy;
use sluice_kernel::{Fault, directory::BranchDirectory};
use sluice_schema::{BranchId, ErrorCode, events::BranchPolicy};
use sluice_testkit::{Backend, User};

use crate::fixture::World;

fn command(id: BranchId, approvals: u32, expected_version: Option<i64>) -> SetBranchPolicy {
    SetBranchPolicy {
        branch_id: id,
        policy: BranchPolicy {
            is_protected: true,
            required_approvals: approvals,
            required_checks: vec!["lint".into(), "build".into()],
        },
        expected_version,
    }
}

async fn a_policy_is_kept_announced_once_and_shown_to_other_services(backend: Backend) {
    let world = World::new(backend).await;
    let main = world.named("main").await.unwrap();
    let all = join_all((0..50).map(|_| {
        world
            .service
            .set_policy(&world.ctx, command(main.id, 2, None))
    }));
    let outcomes = all.await;
    let fresh = outcomes.iter().filter(|o| !o.as_ref().unwrap().replayed);
    assert_eq!(fresh.count(), 1);
    assert_eq!(world.drained_types().await, ["BranchPolicyChanged"]);
    let directory: &dyn BranchDirectory = &world.service;
    let view = directory.branch(&world.ctx, world.repository.id, "main");
    let policy = view.await.unwrap().unwrap().policy;
    assert_eq!(policy.required_approvals, 2);
    assert_eq!(policy.required_checks, ["build", "lint"]);
    let foreign = User::of("other", "eve").ctx();
    let view = directory.branch(&foreign, world.repository.id, "main");
    assert!(view.await.unwrap().is_none());
}

async fn a_stale_version_is_refused(backend: Backend) {
    let world = World::new(backend).await;
    let main = world.named("main").await.unwrap();
    let first = command(main.id, 1, Some(main.meta.version));
    let changed = world.service.set_policy(&world.ctx, first.clone()).await;
    assert_eq!(changed.unwrap().value.meta.version, main.meta.version + 1);
    // The same command again asks for what stands already.
    let again = world.service.set_policy(&world.ctx, first).await.unwrap();
    assert!(again.replayed);
    let stale = command(main.id, 2, Some(main.meta.version));
    let refused = world.service.set_policy(&world.ctx, stale).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::VersionConflict);
}

sluice_testkit::on_both_databases!(
    a_policy_is_kept_announced_once_and_shown_to_other_services,
    a_stale_version_is_refused,
);

use sluice_environment_promotion::PromotionStatus;
use sluice_git_host::GitHost;
use sluice_kernel::directory::InfrastructureView;
use sluice_schema::TypedId;
use sluice_testkit::{Backend, GitWrite, push};

use crate::world::World;

const ANNOUNCED: [&str; 2] = ["PromotionRequested", "DeploymentPromoted"];

async fn a_crash_before_or_after_any_write_ends_in_the_same_state(backend: Backend) {
    for write in [GitWrite::Stage, GitWrite::WriteCommit, GitWrite::UpdateRef] {
        for after in [false, true] {
            let world = World::new(backend).await;
            let release = world.shop("1.0.0").await;
            match after {
                true => world.git.fail_after(write),
                false => world.git.fail_before(write),
            }
            let left = world.promote(&release, "dev").await.unwrap().value;
            assert_eq!(left.status, PromotionStatus::Running, "{write:?} {after}");
            assert!(world.git.all_sprung());
            assert_eq!(world.recover().await, 1);
            let ended = world.get(left.id).await;
            assert_eq!(ended.status, PromotionStatus::Verifying);
            let log = world
                .git
                .log(&world.gitops.path, &world.head().await, None, 10)
                .await;
            assert_eq!(log.unwrap().len(), 2, "{write:?} {after}");
            assert_eq!(
                ended.commit_sha.clone().unwrap(),
                world.head().await.to_string()
            );
            assert_eq!(world.drained_types().await, ANNOUNCED);
        }
    }
}

async fn what_landed_before_a_crash_is_found_below_what_came_after(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    world.git.fail_after(GitWrite::UpdateRef);
    let left = world.promote(&release, "dev").await.unwrap().value;
    let landed = world.head().await;
    // Others go on from there before anybody comes back.
    let file = "environments/dev/shop/01-deployment-shop.yaml";
    push(world.git.real(), &world.gitops.path, "main", file, "edited").await;
    world.recover().await;
    assert_eq!(
        world.get(left.id).await.commit_sha,
        Some(landed.to_string())
    );
    assert_eq!(world.shop_in("dev").await.unwrap(), "edited");
}

async fn what_landed_before_a_crash_counts_although_the_release_is_void_since(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    world.git.fail_after(GitWrite::UpdateRef);
    let left = world.promote(&release, "dev").await.unwrap().value;
    assert_eq!(left.status, PromotionStatus::Running);
    // Nothing can be provisioned for it any more.
    let infrastructure = &world.facts.infrastructure;
    infrastructure.lock().unwrap().push(InfrastructureView {
        id: TypedId::generate(),
        module: "shop".into(),
        status: "FAILED".into(),
        reason: Some("the release is not approved".into()),
    });
    world.recover().await;
    let ended = world.get(left.id).await;
    assert_eq!(ended.status, PromotionStatus::Verifying);
    assert_eq!(ended.commit_sha, Some(world.head().await.to_string()));
    assert_eq!(world.drained_types().await, ANNOUNCED);
}

async fn the_same_command_finishes_what_an_earlier_one_left(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    world.git.fail_after(GitWrite::UpdateRef);
    let left = world.promote(&release, "dev").await.unwrap().value;
    let again = world.promote(&release, "dev").await.unwrap();
    assert!(again.replayed && again.value.id == left.id);
    assert_eq!(again.value.status, PromotionStatus::Verifying);
    assert_eq!(world.recover().await, 0);
    assert_eq!(world.drained_types().await, ANNOUNCED);
}

async fn helpers_at_once_announce_one_deployment(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    world.git.fail_before(GitWrite::UpdateRef);
    world.promote(&release, "dev").await.unwrap();
    let (one, two, three) = tokio::join!(
        world.recover(),
        world.promote(&release, "dev"),
        world.recover()
    );
    assert!(one <= 1 && two.unwrap().replayed && three <= 1);
    assert_eq!(world.drained_types().await, ANNOUNCED);
}

async fn a_branch_that_moves_meanwhile_is_built_upon(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    let (git, path) = (world.git.clone(), world.gitops.path.clone());
    world.git.before(GitWrite::UpdateRef, async move {
        push(git.real(), &path, "main", "README.md", "hello").await;
    });
    let promotion = world.promote(&release, "dev").await.unwrap().value;
    assert_eq!(promotion.status, PromotionStatus::Verifying);
    let paths: Vec<_> = world
        .declared()
        .await
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    assert_eq!(
        paths,
        ["README.md", "environments/dev/shop/01-deployment-shop.yaml"]
    );
}

async fn files_that_are_not_rendered_any_more_are_removed_and_no_others(backend: Backend) {
    let world = World::new(backend).await;
    let one = world.shop("1.0.0").await;
    world.succeed(&one, "dev").await;
    let (git, path) = (world.git.real(), &world.gitops.path);
    push(
        git,
        path,
        "main",
        "environments/dev/shop/99-extra.yaml",
        "x",
    )
    .await;
    push(git, path, "main", "environments/dev/shop-two/01.yaml", "x").await;
    let two = world.shop("2.0.0").await;
    world.promote(&two, "dev").await.unwrap();
    let paths: Vec<_> = world
        .declared()
        .await
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    assert_eq!(
        paths,
        [
            "environments/dev/shop-two/01.yaml",
            "environments/dev/shop/01-deployment-shop.yaml"
        ]
    );
}

async fn a_folder_that_is_not_the_modules_own_is_refused(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    for path in ["environments/prod/shop", "../shop", ".git/hooks"] {
        for manifest in world.facts.manifests.lock().unwrap().iter_mut() {
            manifest.path = path.into();
        }
        let ended = world.promote(&release, "dev").await.unwrap().value;
        assert_eq!(ended.status, PromotionStatus::Failed, "{path}");
        assert!(
            ended
                .reason
                .as_ref()
                .unwrap()
                .contains("environments/dev/shop")
        );
    }
    assert!(world.declared().await.is_empty());
}

async fn a_repository_that_takes_no_changes_fails_the_promotion(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    let mut archived = world.gitops.view.clone();
    archived.is_writable = false;
    world.repositories.list(&archived);
    let ended = world.promote(&release, "dev").await.unwrap().value;
    assert_eq!(ended.status, PromotionStatus::Failed);
    assert_eq!(ended.code.as_deref(), Some("FAILED_PRECONDITION"));
    world.repositories.list(&world.gitops.view);
    let again = world.promote(&release, "dev").await.unwrap().value;
    assert_eq!(
        (again.attempt, again.status),
        (2, PromotionStatus::Verifying)
    );
}

async fn failures_that_last_end_the_promotion_as_errored(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    world
        .facts
        .away
        .store(1_000, std::sync::atomic::Ordering::SeqCst);
    let left = world.promote(&release, "dev").await.unwrap().value;
    world.recover().await;
    assert_eq!(world.get(left.id).await.status, PromotionStatus::Running);
    world.clock.advance(chrono::TimeDelta::minutes(15));
    world.recover().await;
    let ended = world.get(left.id).await;
    assert_eq!(
        (ended.status, ended.code.as_deref()),
        (PromotionStatus::Errored, Some("UNAVAILABLE"))
    );
    world
        .facts
        .away
        .store(0, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(
        world.promote(&release, "dev").await.unwrap().value.attempt,
        2
    );
}

sluice_testkit::on_both_databases!(
    a_crash_before_or_after_any_write_ends_in_the_same_state,
    what_landed_before_a_crash_is_found_below_what_came_after,
    what_landed_before_a_crash_counts_although_the_release_is_void_since,
    the_same_command_finishes_what_an_earlier_one_left,
    helpers_at_once_announce_one_deployment,
    a_branch_that_moves_meanwhile_is_built_upon,
    files_that_are_not_rendered_any_more_are_removed_and_no_others,
    a_folder_that_is_not_the_modules_own_is_refused,
    a_repository_that_takes_no_changes_fails_the_promotion,
    failures_that_last_end_the_promotion_as_errored,
);

//! Repositories that other services have made.

use sluice_kernel::{
    ContentDigest, Ctx, IdempotencyKey,
    directory::{RepositoryProvisioner, RepositoryView},
};
use sluice_repository::ArchiveRepository;
use sluice_schema::{ErrorCode, Scope};
use sluice_testkit::{Backend, User, on_both_databases};

use crate::{World, ada, event_types, provision, world};

on_both_databases!(
    parallel_demands_for_a_repository_make_one,
    one_that_is_there_needs_no_right_and_is_taken_as_it_is,
    a_command_that_needs_a_repository_keeps_its_idempotency_key,
    one_left_half_provisioned_is_finished,
    an_archived_or_foreign_one_is_refused,
);

async fn ensure(world: &World, ctx: &Ctx) -> Result<RepositoryView, ErrorCode> {
    let project = "web".parse().unwrap();
    let ensured = world
        .service
        .ensure_repository(ctx, &project, "gitops", "what runs");
    ensured.await.map_err(|fault| fault.code())
}

async fn parallel_demands_for_a_repository_make_one(backend: Backend) {
    let world = world(backend).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let service = world.service.clone();
        calls.spawn(async move {
            let (ctx, project) = (ada(), "web".parse().unwrap());
            let ensured = service.ensure_repository(&ctx, &project, "gitops", "what runs");
            ensured.await.unwrap()
        });
    }
    let views = calls.join_all().await;
    assert!(views.iter().all(|view| *view == views[0]));
    assert!(views[0].is_writable);
    assert_eq!(event_types(&world.store).await, ["RepositoryProvisioned"]);
    let made = world.service.get(&ada(), views[0].id).await.unwrap();
    assert_eq!(made.description.as_deref(), Some("what runs"));
}

async fn one_that_is_there_needs_no_right_and_is_taken_as_it_is(backend: Backend) {
    let world = world(backend).await;
    let renderer = User::of("acme", "eve").with_scopes(&[Scope::ManifestsRender]);
    let refused = ensure(&world, &renderer.ctx()).await;
    assert_eq!(refused.unwrap_err(), ErrorCode::Forbidden);
    let mut other = provision("gitops");
    other.default_branch = Some("trunk".to_owned());
    let made = world.service.provision(&ada(), other).await.unwrap();
    let view = ensure(&world, &renderer.ctx()).await.unwrap();
    assert_eq!(
        (view.id, view.default_branch.as_str()),
        (made.value.id, "trunk")
    );
}

async fn a_command_that_needs_a_repository_keeps_its_idempotency_key(backend: Backend) {
    let world = world(backend).await;
    let key = IdempotencyKey::new("k", ContentDigest::of("render")).unwrap();
    ensure(&world, &ada().with_idempotency(key)).await.unwrap();
    let key = IdempotencyKey::new("k", ContentDigest::of("provision")).unwrap();
    let own = world
        .service
        .provision(&ada().with_idempotency(key), provision("greeter"))
        .await;
    assert!(!own.unwrap().replayed);
}

async fn one_left_half_provisioned_is_finished(backend: Backend) {
    let world = world(backend).await;
    let blocked = world.databases.folder().join("git").join("acme");
    std::fs::write(&blocked, "in the way").unwrap();
    assert_eq!(
        ensure(&world, &ada()).await.unwrap_err(),
        ErrorCode::Internal
    );
    std::fs::remove_file(&blocked).unwrap();
    assert!(ensure(&world, &ada()).await.unwrap().is_writable);
    assert_eq!(event_types(&world.store).await, ["RepositoryProvisioned"]);
}

async fn an_archived_or_foreign_one_is_refused(backend: Backend) {
    let world = world(backend).await;
    let repository_id = ensure(&world, &ada()).await.unwrap().id;
    let elsewhere = User::of("acme", "eve").in_projects(&["api"]).ctx();
    let refused = ensure(&world, &elsewhere).await;
    assert_eq!(refused.unwrap_err(), ErrorCode::NotFound);
    let archive = ArchiveRepository { repository_id };
    world.service.archive(&ada(), archive).await.unwrap();
    let refused = ensure(&world, &ada()).await;
    assert_eq!(refused.unwrap_err(), ErrorCode::FailedPrecondition);
}

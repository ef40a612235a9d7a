//! Deleting everything.

use sluice_iac_provisioning::{DestroyInfrastructure, InfrastructureStatus, Recovery};
use sluice_kernel::{Fault, Reconciler};
use sluice_schema::ErrorCode;
use sluice_testkit::{Backend, on_both_databases};

use crate::world::{PROGRAM, Trap, World, ada, world};

on_both_databases!(
    everything_is_deleted_once_and_can_be_made_again,
    a_deletion_that_was_cut_short_is_finished,
    protected_resources_are_not_deleted,
    a_deletion_by_accident_is_refused,
);

fn command(confirm: &str) -> DestroyInfrastructure {
    DestroyInfrastructure {
        project_id: "web".parse().unwrap(),
        environment: "prod".to_owned(),
        module: "shop".to_owned(),
        confirm: confirm.to_owned(),
    }
}

async fn provisioned(backend: Backend, program: &str) -> World {
    let world = world(backend, program).await;
    world
        .service
        .provision(&ada(), world.provision_command("prod"))
        .await
        .unwrap();
    world
}

async fn everything_is_deleted_once_and_can_be_made_again(backend: Backend) {
    let world = provisioned(backend, PROGRAM).await;
    let done = world
        .service
        .destroy(&ada(), command("shop"))
        .await
        .unwrap();
    assert_eq!((done.replayed, done.value.changes.delete), (false, 2));
    assert_eq!(done.value.status, InfrastructureStatus::Destroyed);
    assert!(!world.resource("prod", "data").exists());
    let again = world
        .service
        .destroy(&ada(), command("shop"))
        .await
        .unwrap();
    assert!(again.replayed);
    assert_eq!(again.value.id, done.value.id);
    let back = world
        .service
        .provision(&ada(), world.provision_command("prod"))
        .await
        .unwrap();
    assert!(!back.replayed);
    assert!(world.resource("prod", "data").exists());
    let gone = world
        .service
        .destroy(&ada(), command("shop"))
        .await
        .unwrap();
    assert_eq!((gone.replayed, gone.value.attempt), (false, 2));
}

async fn a_deletion_that_was_cut_short_is_finished(backend: Backend) {
    let world = provisioned(backend, PROGRAM).await;
    world.engine.fail(Trap::AfterApply);
    let cut = world.service.destroy(&ada(), command("shop")).await;
    assert_eq!(cut.unwrap_err().code(), ErrorCode::Unavailable);
    let recovery = Recovery(world.service.clone());
    assert_eq!(recovery.reconcile().await.unwrap(), 1);
    assert!(
        world
            .service
            .destroy(&ada(), command("shop"))
            .await
            .unwrap()
            .replayed
    );
    assert!(!world.resource("prod", "data").exists());
}

async fn protected_resources_are_not_deleted(backend: Backend) {
    let world = provisioned(
        backend,
        "resources: {data: {kind: directory, protect: true}}",
    )
    .await;
    let refused = world
        .service
        .destroy(&ada(), command("shop"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ProtectedResource);
    assert!(world.resource("prod", "data").exists());
}

async fn a_deletion_by_accident_is_refused(backend: Backend) {
    let world = provisioned(backend, PROGRAM).await;
    let refused = world
        .service
        .destroy(&ada(), command("yes"))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), refused.field().as_deref()),
        (ErrorCode::InvalidInput, Some("confirm"))
    );
    let elsewhere = DestroyInfrastructure {
        environment: "dev".to_owned(),
        ..command("shop")
    };
    let refused = world.service.destroy(&ada(), elsewhere).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotFound);
}

use sluice_deployment_manifest::{ManifestError, RenderDeploymentManifest};
use sluice_kernel::Fault;
use sluice_schema::{EnvironmentId, ErrorCode, ReleaseId, Scope, TypedId};
use sluice_testkit::{Backend, User};

use crate::fixture::World;

fn told(error: &ManifestError) -> (ErrorCode, Option<String>) {
    (error.code(), error.field())
}

async fn refused(world: &World, command: RenderDeploymentManifest) -> (ErrorCode, Option<String>) {
    told(&world.service.render(&world.ctx, command).await.unwrap_err())
}

async fn input_that_names_nothing_is_refused_by_field(backend: Backend) {
    let world = World::new(backend).await;
    let command = world.command("dev");
    let cases = [
        (
            RenderDeploymentManifest {
                release_id: ReleaseId::generate(),
                ..command.clone()
            },
            (ErrorCode::NotFound, "releaseId"),
        ),
        (
            RenderDeploymentManifest {
                environment: Some("moon".into()),
                ..command.clone()
            },
            (ErrorCode::NotFound, "environment"),
        ),
        (
            RenderDeploymentManifest {
                environment: None,
                environment_id: Some(EnvironmentId::generate()),
                ..command.clone()
            },
            (ErrorCode::NotFound, "environmentId"),
        ),
        (
            RenderDeploymentManifest {
                environment: None,
                ..command.clone()
            },
            (ErrorCode::InvalidInput, "environment"),
        ),
        (
            RenderDeploymentManifest {
                module: Some("cart".into()),
                ..command
            },
            (ErrorCode::InvalidInput, "module"),
        ),
    ];
    for (command, (code, field)) in cases {
        assert_eq!(
            refused(&world, command).await,
            (code, Some(field.to_owned()))
        );
    }
}

async fn what_is_not_ready_is_refused(backend: Backend) {
    let world = World::new(backend).await;
    world.change_release(|release| release.items[0].artifacts[0].state = "PENDING".into());
    let error = world.refused("dev").await;
    assert_eq!(error.code(), ErrorCode::FailedPrecondition);
    assert!(
        error
            .to_string()
            .contains("IMAGE 'shop' of the release is PENDING"),
        "{error}"
    );
    world.change_release(|release| {
        release.items[0].artifacts[0].state = "READY".into();
        release.status = "PENDING_APPROVAL".into();
    });
    assert!(matches!(
        world.refused("dev").await,
        ManifestError::NotApproved { .. }
    ));
    world.change_release(|release| release.status = "APPROVED".into());
    world.change_environment(0, |dev| dev.retired = true);
    let retired = (
        ErrorCode::FailedPrecondition,
        Some("environment".to_owned()),
    );
    assert_eq!(told(&world.refused("dev").await), retired);
    assert_eq!(world.count().await, 0);
}

async fn a_setting_that_is_no_variable_is_told(backend: Backend) {
    let world = World::new(backend).await;
    world.change_environment(0, |dev| {
        dev.configuration.insert("not a name".into(), "x".into());
    });
    let error = world.refused("dev").await;
    assert_eq!(error.code(), ErrorCode::InvalidManifest);
    assert!(
        error.findings()[0].message.contains("config.not a name"),
        "{:?}",
        error.findings()
    );
}

async fn several_modules_must_be_told_apart(backend: Backend) {
    let world = World::new(backend).await;
    world.change_release(|release| {
        let mut other = release.items[0].clone();
        other.module.id = "cart".into();
        release.items.push(other);
    });
    let field = Some("module".to_owned());
    assert_eq!(
        told(&world.refused("dev").await),
        (ErrorCode::InvalidInput, field)
    );
    let cart = RenderDeploymentManifest {
        module: Some("cart".into()),
        ..world.command("dev")
    };
    let manifest = world.service.render(&world.ctx, cart).await.unwrap().value;
    assert_eq!(manifest.path, "environments/dev/cart");
}

async fn rights_and_walls_are_kept(backend: Backend) {
    let world = World::new(backend).await;
    let command = world.command("dev");
    let reader = User::of("acme", "rita").with_scopes(&[Scope::Read]).ctx();
    let error = world
        .service
        .render(&reader, command.clone())
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::Forbidden);
    // The scope to render is enough: the repository of manifests is the server's own.
    let renderer = [Scope::Read, Scope::ManifestsRender];
    let renderer = User::of("acme", "rob").with_scopes(&renderer).ctx();
    let manifest = world
        .service
        .render(&renderer, command.clone())
        .await
        .unwrap()
        .value;
    for stranger in [
        User::of("other", "eve"),
        User::of("acme", "eve").in_projects(&["else"]),
    ] {
        let ctx = stranger.ctx();
        let error = world
            .service
            .render(&ctx, command.clone())
            .await
            .unwrap_err();
        assert_eq!(error.code(), ErrorCode::NotFound);
        let error = world.service.get(&ctx, manifest.id).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::NotFound);
        let error = world.service.text(&ctx, manifest.id).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::NotFound);
    }
}

sluice_testkit::on_both_databases!(
    input_that_names_nothing_is_refused_by_field,
    what_is_not_ready_is_refused,
    a_setting_that_is_no_variable_is_told,
    several_modules_must_be_told_apart,
    rights_and_walls_are_kept,
);

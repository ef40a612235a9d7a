//! What is refused, and how.

use sluice_iac_provisioning::{InfrastructureError, ProvisionInfrastructure};
use sluice_kernel::Fault;
use sluice_schema::{ErrorCode, Scope, TypedId};
use sluice_testkit::{Backend, User, on_both_databases};

use crate::world::{PROGRAM, World, ada, item, world};

on_both_databases!(
    input_that_breaks_a_rule_names_the_field,
    a_wrong_program_is_refused_with_its_lines,
    only_an_approved_release_is_provisioned,
    what_is_not_there_or_not_theirs_is_not_found,
    the_scope_is_demanded,
    the_module_is_asked_for_when_there_are_several,
);

fn seen(error: &InfrastructureError) -> (ErrorCode, Option<String>) {
    (error.code(), error.field())
}

fn invalid(field: &str) -> (ErrorCode, Option<String>) {
    (ErrorCode::InvalidInput, Some(field.to_owned()))
}

async fn input_that_breaks_a_rule_names_the_field(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    let ctx = ada();
    let mut none = world.plan_command("prod");
    none.environment = None;
    let refused = world.service.plan(&ctx, none).await.unwrap_err();
    assert_eq!(seen(&refused), invalid("environment"));
    let mut both = world.plan_command("prod");
    both.environment_id = Some(world.environment_id("prod"));
    let refused = world.service.plan(&ctx, both).await.unwrap_err();
    assert_eq!(seen(&refused), invalid("environment"));
    let mut module = world.plan_command("prod");
    module.module = Some("cart".to_owned());
    let refused = world.service.plan(&ctx, module).await.unwrap_err();
    assert_eq!(seen(&refused), invalid("module"));
    let mut mixed = world.provision_command("prod");
    mixed.plan_id = Some(TypedId::generate());
    let refused = world.service.provision(&ctx, mixed).await.unwrap_err();
    assert_eq!(seen(&refused), invalid("planId"));
    let nothing = ProvisionInfrastructure {
        release_id: None,
        environment: None,
        ..world.provision_command("prod")
    };
    let refused = world.service.provision(&ctx, nothing).await.unwrap_err();
    assert_eq!(seen(&refused), invalid("releaseId"));
}

async fn a_wrong_program_is_refused_with_its_lines(backend: Backend) {
    let world = world(backend, "resources:\n  a: {kind: direcotry}\n").await;
    for _ in 0..2 {
        let refused = world
            .service
            .plan(&ada(), world.plan_command("prod"))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), ErrorCode::InvalidProgram);
        let findings = refused.findings();
        assert_eq!(
            (findings[0].file.as_str(), findings[0].line),
            ("infra.yaml", Some(2))
        );
    }
    let count = world
        .service
        .count(&ada(), &Default::default())
        .await
        .unwrap();
    assert_eq!(count, 1, "it is on record once");
}

async fn only_an_approved_release_is_provisioned(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    let set = |status: &str| world.facts.release.lock().unwrap().status = status.to_owned();
    set("PENDING_APPROVAL");
    let plan = world
        .service
        .plan(&ada(), world.plan_command("prod"))
        .await
        .unwrap()
        .value;
    let by_plan = ProvisionInfrastructure {
        plan_id: Some(plan.id),
        release_id: None,
        environment: None,
        ..world.provision_command("prod")
    };
    for command in [by_plan, world.provision_command("prod")] {
        let refused = world.service.provision(&ada(), command).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::FailedPrecondition);
    }
    set("CANCELLED");
    let refused = world
        .service
        .plan(&ada(), world.plan_command("prod"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::FailedPrecondition);
    set("APPROVED");
    world.facts.environments.lock().unwrap()[1].retired = true;
    let refused = world
        .service
        .plan(&ada(), world.plan_command("prod"))
        .await
        .unwrap_err();
    assert!(matches!(refused, InfrastructureError::Retired(_)));
    world.facts.release.lock().unwrap().items[0].commit_sha = world.repository.root.to_string();
    let refused = world
        .service
        .plan(&ada(), world.plan_command("dev"))
        .await
        .unwrap_err();
    assert!(
        matches!(refused, InfrastructureError::NothingDeclared(_)),
        "{refused}"
    );
}

async fn what_is_not_there_or_not_theirs_is_not_found(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    let plan = world
        .service
        .plan(&ada(), world.plan_command("prod"))
        .await
        .unwrap()
        .value;
    let refused = world
        .service
        .plan(&ada(), world.plan_command("moon"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotFound);
    for stranger in [
        User::of("globex", "eve"),
        User::of("acme", "eve").in_projects(&["api"]),
    ] {
        let ctx = stranger.ctx();
        let found = world.service.get(&ctx, plan.id).await.unwrap_err();
        assert_eq!(found.code(), ErrorCode::NotFound);
        let refused = world
            .service
            .provision(&ctx, world.provision_command("prod"))
            .await;
        assert_eq!(refused.unwrap_err().code(), ErrorCode::NotFound);
        let refused = world.service.events(&ctx, plan.id).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::NotFound);
        let refused = world
            .service
            .refresh(&ctx, World::refresh_command("prod"))
            .await;
        assert_eq!(refused.unwrap_err().code(), ErrorCode::NotFound);
    }
}

async fn the_scope_is_demanded(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    let reader = User::of("acme", "eve").with_scopes(&[Scope::Read]).ctx();
    let refused = world
        .service
        .plan(&reader, world.plan_command("prod"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    let refused = world
        .service
        .provision(&reader, world.provision_command("prod"))
        .await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::Forbidden);
    let refused = world
        .service
        .refresh(&reader, World::refresh_command("prod"))
        .await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::Forbidden);
}

async fn the_module_is_asked_for_when_there_are_several(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    {
        let mut release = world.facts.release.lock().unwrap();
        let commit = release.items[0].commit_sha.clone();
        release.items.push(item(&world.repository, "cart", &commit));
    }
    let refused = world
        .service
        .plan(&ada(), world.plan_command("prod"))
        .await
        .unwrap_err();
    assert_eq!(seen(&refused), invalid("module"));
    assert!(refused.to_string().contains("shop, cart"), "{refused}");
    let mut command = world.plan_command("prod");
    command.module = Some("cart".to_owned());
    let plan = world.service.plan(&ada(), command).await.unwrap().value;
    assert_eq!(plan.module, "cart");
}

use chrono::TimeDelta;
use futures::future::join_all;
use sluice_environment_promotion::{
    Freeze, HoldEnvironment, HoldExpiry, PromotionError, ResumeEnvironment,
};
use sluice_kernel::{Clock, Reconciler, directory::EnvironmentDirectory};
use sluice_schema::{ErrorCode, Fault, Scope};
use sluice_testkit::{Backend, User};

use crate::world::{World, define, user, web};

async fn a_project_has_the_default_environments_once(backend: Backend) {
    let world = World::new(backend).await;
    let api = "api".parse().unwrap();
    let ask = || world.environments.of_project(&world.ctx, &api);
    let answers = join_all((0..20).map(|_| ask())).await;
    for answer in answers {
        let names: Vec<_> = answer.unwrap().iter().map(|it| it.name.clone()).collect();
        assert_eq!(names, ["dev", "test", "staging", "prod"]);
    }
    assert_eq!(world.drained_types().await, ["EnvironmentDefined"; 4]);
    let views = EnvironmentDirectory::environments(&world.environments, &world.ctx, &api).await;
    let views = views.unwrap();
    let auto: Vec<bool> = views.iter().map(|it| it.auto_promote).collect();
    assert_eq!(auto, [true, false, false, false]);
    assert_eq!(views[3].upstream, ["staging"]);
}

async fn defining_the_same_again_changes_nothing_also_fifty_times_at_once(backend: Backend) {
    let world = World::new(backend).await;
    let mut command = define("eu");
    command.upstream = vec!["staging".into()];
    let run = || world.environments.define(&world.ctx, command.clone());
    let outcomes = join_all((0..50).map(|_| run())).await;
    let replayed = outcomes
        .iter()
        .filter(|it| it.as_ref().unwrap().replayed)
        .count();
    assert_eq!(replayed, 49);
    assert_eq!(world.drained_types().await, ["EnvironmentDefined"]);
    let eu = world.environment("eu").await;
    assert_eq!((eu.spec.order, eu.meta.version), (40, 1));
}

async fn a_new_target_has_a_new_digest_and_a_new_gate_has_not(backend: Backend) {
    let world = World::new(backend).await;
    let before = world.environment("prod").await;
    world.gates("prod", |it| it.soak_minutes = 5).await;
    let gated = world.environment("prod").await;
    assert_eq!(gated.target_digest, before.target_digest);
    world.redefine("prod", |it| it.replicas = Some(3)).await;
    assert_ne!(
        world.environment("prod").await.target_digest,
        before.target_digest
    );
}

async fn what_no_environment_can_be_is_refused_with_the_field(backend: Backend) {
    let world = World::new(backend).await;
    let refused = async |change: fn(&mut sluice_environment_promotion::DefineEnvironment)| {
        let mut command = define("qa");
        change(&mut command);
        let error = world
            .environments
            .define(&world.ctx, command)
            .await
            .unwrap_err();
        (error.code(), error.field().unwrap())
    };
    let invalid = |field: &str| (ErrorCode::InvalidInput, field.to_owned());
    assert_eq!(refused(|it| it.name = "QA".into()).await, invalid("name"));
    let unknown = refused(|it| it.upstream = vec!["dev".into(), "nowhere".into()]).await;
    assert_eq!(unknown, invalid("upstream[1]"));
    let circle = refused(|it| {
        it.name = "dev".into();
        it.upstream = vec!["prod".into()];
    });
    assert_eq!(circle.await, invalid("upstream"));
    assert_eq!(
        refused(|it| it.namespace = Some("A".into())).await,
        invalid("namespace")
    );
    assert_eq!(
        refused(|it| it.replicas = Some(1_001)).await,
        invalid("replicas")
    );
    let soak = refused(|it| it.gates.soak_minutes = 43_201).await;
    assert_eq!(soak, invalid("gates.soakMinutes"));
    let freeze = refused(|it| {
        it.gates.freezes = vec![Freeze {
            name: "night".into(),
            reason: "backups".into(),
            cron: Some("0 22 * * *".into()),
            time_zone: Some("Mars/Base".into()),
            duration_minutes: Some(60),
            ..Freeze::default()
        }];
    });
    assert_eq!(freeze.await, invalid("gates.freezes[0].timeZone"));
    assert!(world.drain().await.is_empty());
}

async fn two_definitions_at_once_cannot_make_a_circle(backend: Backend) {
    let world = World::new(backend).await;
    for round in 0..10 {
        let (a, b) = (format!("a{round}"), format!("b{round}"));
        for name in [&a, &b] {
            world
                .environments
                .define(&world.ctx, define(name))
                .await
                .unwrap();
        }
        let after = |name: &str, before: &str| {
            let mut command = define(name);
            command.upstream = vec![before.into()];
            let (environments, ctx) = (world.environments.clone(), world.ctx.clone());
            tokio::spawn(async move { environments.define(&ctx, command).await })
        };
        let (one, two) = tokio::join!(after(&a, &b), after(&b, &a));
        assert!(one.unwrap().is_ok() != two.unwrap().is_ok());
    }
}

async fn environments_of_others_do_not_exist(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.environment("dev").await.id;
    for stranger in [
        User::of("other", "eve"),
        User::of("acme", "eve").in_projects(&["api"]),
    ] {
        let error = world
            .environments
            .get(&stranger.ctx(), id)
            .await
            .unwrap_err();
        assert_eq!(error.code(), ErrorCode::NotFound);
        let mut hold = to_hold(None);
        (hold.environment_id, hold.environment, hold.project_id) = (Some(id), None, None);
        let error = world
            .environments
            .hold(&stranger.ctx(), hold)
            .await
            .unwrap_err();
        assert_eq!(error.code(), ErrorCode::NotFound);
    }
    let reader = User::of("acme", "eve").with_scopes(&[Scope::Read]).ctx();
    let error = world
        .environments
        .define(&reader, define("qa"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::Forbidden);
    let error = world
        .environments
        .hold(&reader, to_hold(None))
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::Forbidden);
}

fn to_hold(module: Option<&str>) -> HoldEnvironment {
    HoldEnvironment {
        environment_id: None,
        project_id: Some(web()),
        environment: Some("prod".into()),
        module: module.map(Into::into),
        reason: "an incident".into(),
        until: None,
    }
}

fn to_resume(module: Option<&str>) -> ResumeEnvironment {
    ResumeEnvironment {
        environment_id: None,
        project_id: Some(web()),
        environment: Some("prod".into()),
        module: module.map(Into::into),
    }
}

async fn a_hold_is_placed_once_and_ends_when_resumed(backend: Backend) {
    let world = World::new(backend).await;
    let hold = |module| world.environments.hold(&world.ctx, to_hold(module));
    assert!(!hold(None).await.unwrap().replayed);
    assert!(hold(None).await.unwrap().replayed);
    assert!(!hold(Some("shop")).await.unwrap().replayed);
    let mut other = to_hold(None);
    other.reason = "something else".into();
    let error = world
        .environments
        .hold(&user("bob"), other)
        .await
        .unwrap_err();
    assert!(matches!(error, PromotionError::HeldDifferently { .. }));
    assert_eq!(
        (error.code(), error.field().as_deref()),
        (ErrorCode::Conflict, Some("reason"))
    );
    assert_eq!(world.drained_types().await, ["EnvironmentHeld"; 2]);
    let resume = |module| world.environments.resume(&world.ctx, to_resume(module));
    assert!(!resume(Some("shop")).await.unwrap().replayed);
    assert!(!resume(None).await.unwrap().replayed);
    assert!(resume(None).await.unwrap().replayed);
    assert_eq!(world.drained_types().await, ["EnvironmentResumed"; 2]);
}

async fn a_hold_ends_by_itself_when_its_time_is_over(backend: Backend) {
    let world = World::new(backend).await;
    let mut hold = to_hold(None);
    hold.until = Some(world.clock.now());
    let error = world
        .environments
        .hold(&world.ctx, hold.clone())
        .await
        .unwrap_err();
    assert_eq!(error.field().as_deref(), Some("until"));
    hold.until = Some(world.clock.now() + TimeDelta::hours(1));
    world.environments.hold(&world.ctx, hold).await.unwrap();
    let expiry = HoldExpiry(world.environments.clone());
    assert_eq!(expiry.reconcile().await.unwrap(), 0);
    world.drain().await;
    world.clock.advance(TimeDelta::hours(1));
    assert_eq!(expiry.reconcile().await.unwrap(), 1);
    assert_eq!(expiry.reconcile().await.unwrap(), 0);
    assert!(world.environment("prod").await.holds.is_empty());
    assert_eq!(world.drained_types().await, ["EnvironmentResumed"]);
}

sluice_testkit::on_both_databases!(
    a_project_has_the_default_environments_once,
    defining_the_same_again_changes_nothing_also_fifty_times_at_once,
    a_new_target_has_a_new_digest_and_a_new_gate_has_not,
    what_no_environment_can_be_is_refused_with_the_field,
    two_definitions_at_once_cannot_make_a_circle,
    environments_of_others_do_not_exist,
    a_hold_is_placed_once_and_ends_when_resumed,
    a_hold_ends_by_itself_when_its_time_is_over,
);

use futures::future::join_all;
use sluice_testkit::{Backend, GitWrite};

use crate::fixture::{World, digest};

async fn an_approval_renders_every_environment_once(backend: Backend) {
    let world = World::new(backend).await;
    let event = world.approved();
    world.handle(&event).await.unwrap();
    let announced = world.announced().await;
    let environments: Vec<&str> = announced.iter().map(|it| it.environment.as_str()).collect();
    assert_eq!(environments, ["dev", "prod"]);
    world.handle(&event).await.unwrap();
    assert!(world.announced().await.is_empty());
    assert_eq!(world.count().await, 2);
    assert_eq!(world.history().await.len(), 3);
}

async fn two_deliveries_at_once_have_one_effect(backend: Backend) {
    let world = World::new(backend).await;
    let event = world.approved();
    let handled = join_all((0..4).map(|_| world.handle(&event))).await;
    assert!(handled.iter().any(Result::is_ok), "{handled:?}");
    world.handle(&event).await.unwrap();
    assert_eq!(world.announced().await.len(), 2);
    assert_eq!(world.count().await, 2);
}

async fn a_new_approval_announces_equal_content_again(backend: Backend) {
    let world = World::new(backend).await;
    world.handle(&world.approved()).await.unwrap();
    world.announced().await;
    world.change_release(|release| release.content_digest = digest('2'));
    let event = world.approved();
    world.handle(&event).await.unwrap();
    assert_eq!(world.announced().await.len(), 2);
    world.handle(&event).await.unwrap();
    assert!(world.announced().await.is_empty());
    assert_eq!(world.count().await, 2);
}

async fn an_approval_that_is_void_by_now_renders_nothing(backend: Backend) {
    let world = World::new(backend).await;
    let event = world.approved();
    world.change_release(|release| release.status = "PENDING_APPROVAL".into());
    world.handle(&event).await.unwrap();
    world.change_release(|release| {
        release.status = "APPROVED".into();
        release.content_digest = digest('9');
    });
    world.handle(&event).await.unwrap();
    assert_eq!(world.count().await, 0);
}

async fn a_project_may_render_by_command_alone(backend: Backend) {
    let world = World::new(backend).await;
    world.facts.policies.lock().unwrap().auto_render_manifests = false;
    world.handle(&world.approved()).await.unwrap();
    assert_eq!(world.count().await, 0);
}

async fn retired_environments_are_left_out_and_failures_keep_nobody_from_it(backend: Backend) {
    let world = World::new(backend).await;
    world
        .put(
            "deploy/overlays/dev/kustomization.yaml",
            "resources: [gone.yaml]\n",
        )
        .await;
    let retired = crate::fixture::environment("old");
    world.facts.environments.lock().unwrap().push(retired);
    world.change_environment(2, |old| old.retired = true);
    world.handle(&world.approved()).await.unwrap();
    let announced = world.announced().await;
    assert_eq!(announced.len(), 1);
    assert_eq!(announced[0].environment, "prod");
    assert_eq!(world.count().await, 2);
}

async fn a_delivery_that_ended_half_way_goes_on(backend: Backend) {
    let world = World::new(backend).await;
    let event = world.approved();
    world.git.fail_after(GitWrite::UpdateRef);
    world.handle(&event).await.unwrap_err();
    world.handle(&event).await.unwrap();
    assert_eq!(world.announced().await.len(), 2);
    assert_eq!(world.history().await.len(), 3);
}

sluice_testkit::on_both_databases!(
    an_approval_renders_every_environment_once,
    two_deliveries_at_once_have_one_effect,
    a_new_approval_announces_equal_content_again,
    an_approval_that_is_void_by_now_renders_nothing,
    a_project_may_render_by_command_alone,
    retired_environments_are_left_out_and_failures_keep_nobody_from_it,
    a_delivery_that_ended_half_way_goes_on,
);

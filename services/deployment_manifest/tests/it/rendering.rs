use futures::future::join_all;
use serde_json::Value;
use sluice_deployment_manifest::ManifestStatus;
use sluice_kernel::{ContentDigest, Fault, IdempotencyKey};
use sluice_schema::ErrorCode;
use sluice_testkit::Backend;

use crate::fixture::{World, digest};

async fn a_release_is_rendered_into_the_gitops_repository_and_announced(backend: Backend) {
    let world = World::new(backend).await;
    let done = world.render("dev").await.unwrap();
    assert!(!done.replayed);
    let manifest = done.value;
    assert_eq!(manifest.status, ManifestStatus::Rendered);
    let commit = manifest.commit_sha.clone().unwrap();
    let events = world.announced().await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].commit_sha, commit);
    assert_eq!(events[0].path, "environments/dev/shop");
    assert_eq!(events[0].content_digest, manifest.content_digest);
    assert_eq!(events[0].objects, 4);
    let paths = world.paths(&commit).await;
    let named = |end: &str| paths.iter().any(|path| path.ends_with(end));
    assert!(
        named("/02-deployment-shop.yaml") && named("/manifest.json"),
        "{paths:?}"
    );
    let text = world.service.text(&world.ctx, manifest.id).await.unwrap();
    let image = format!("image: registry.example:5000/web/shop@{}", digest('a'));
    for part in [
        image.as_str(),
        "namespace: web-dev",
        "REGION: eu",
        "LEVEL: debug",
        "host: shop.example.org",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let described = world
        .read(&commit, "environments/dev/shop/manifest.json")
        .await;
    let described: Value = serde_json::from_str(&described).unwrap();
    assert_eq!(described["digest"], manifest.content_digest.as_str());
    assert_eq!(described["images"][0], image.trim_start_matches("image: "));
}

async fn trailers_say_where_a_commit_comes_from(backend: Backend) {
    let world = World::new(backend).await;
    let manifest = world.render("dev").await.unwrap().value;
    let history = world.history().await;
    let trailer = |key: &str| {
        let found = history[0].trailers.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.clone())
    };
    assert_eq!(trailer("Manifest-Id"), Some(manifest.id.to_string()));
    assert_eq!(trailer("Release-Id"), Some(manifest.release_id.to_string()));
    assert_eq!(
        trailer("Content-Digest"),
        Some(manifest.content_digest.clone())
    );
    assert_eq!(trailer("Trace-Id"), Some(world.ctx.trace_id().to_owned()));
    // The branch begins with nothing, so that merging it declares nothing by mistake.
    assert!(history.last().unwrap().parents.is_empty());
}

async fn the_same_content_is_a_replay_without_commit_and_event(backend: Backend) {
    let world = World::new(backend).await;
    let first = world.render("dev").await.unwrap().value;
    world.announced().await;
    let again = world.render("dev").await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.value.id, first.id);
    assert_eq!(world.history().await.len(), 2);
    assert!(world.announced().await.is_empty());
    let by_id = sluice_deployment_manifest::RenderDeploymentManifest {
        environment_id: Some(world.environment(0).id),
        environment: None,
        module: Some("shop".into()),
        ..world.command("dev")
    };
    assert!(
        world
            .service
            .render(&world.ctx, by_id)
            .await
            .unwrap()
            .replayed
    );
}

async fn environments_do_not_disturb_each_other(backend: Backend) {
    let world = World::new(backend).await;
    let dev = world.render("dev").await.unwrap().value;
    let prod = world.render("prod").await.unwrap().value;
    assert_ne!(dev.content_digest, prod.content_digest);
    let paths = world.paths(&prod.commit_sha.clone().unwrap()).await;
    assert!(
        paths
            .iter()
            .any(|path| path.starts_with("environments/dev/shop/"))
    );
    assert!(
        paths
            .iter()
            .any(|path| path.starts_with("environments/prod/shop/"))
    );
}

async fn content_that_is_the_newest_again_is_announced_again(backend: Backend) {
    let world = World::new(backend).await;
    let first = world.render("dev").await.unwrap().value;
    world.change_environment(0, |dev| dev.replicas = 5);
    let second = world.render("dev").await.unwrap();
    assert!(!second.replayed);
    assert_ne!(second.value.id, first.id);
    world.announced().await;
    world.change_environment(0, |dev| dev.replicas = 2);
    let third = world.render("dev").await.unwrap();
    assert!(!third.replayed);
    assert_eq!(third.value.id, first.id);
    let events = world.announced().await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].manifest_id, first.id);
    assert!(world.render("dev").await.unwrap().replayed);
    assert_eq!(world.count().await, 2);
}

async fn a_folder_loses_what_is_no_longer_rendered(backend: Backend) {
    let world = World::new(backend).await;
    let first = world.render("dev").await.unwrap().value;
    let ingress = |paths: &[String]| paths.iter().any(|path| path.contains("ingress"));
    assert!(ingress(
        &world.paths(&first.commit_sha.clone().unwrap()).await
    ));
    world.change_environment(0, |dev| dev.ingress_domain = None);
    let second = world.render("dev").await.unwrap().value;
    assert!(!ingress(
        &world.paths(&second.commit_sha.clone().unwrap()).await
    ));
}

async fn fifty_equal_commands_make_one_manifest(backend: Backend) {
    let world = World::new(backend).await;
    let outcomes = join_all((0..50).map(|_| world.render("dev"))).await;
    let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
    assert_eq!(
        outcomes.iter().filter(|outcome| !outcome.replayed).count(),
        1
    );
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.value.status == ManifestStatus::Rendered)
    );
    assert_eq!(world.count().await, 1);
    assert_eq!(world.announced().await.len(), 1);
    assert_eq!(world.history().await.len(), 2);
}

async fn an_idempotency_key_stands_for_one_command(backend: Backend) {
    let world = World::new(backend).await;
    let keyed = |body: &str| {
        let key = IdempotencyKey::new("k1", ContentDigest::of(body)).unwrap();
        world.ctx.with_idempotency(key)
    };
    let first = world
        .service
        .render(&keyed("a"), world.command("dev"))
        .await
        .unwrap();
    world.change_environment(0, |dev| dev.replicas = 9);
    let again = world
        .service
        .render(&keyed("a"), world.command("dev"))
        .await
        .unwrap();
    assert!(again.replayed);
    assert_eq!(again.value.id, first.value.id);
    let error = world
        .service
        .render(&keyed("b"), world.command("dev"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict);
}

async fn a_library_leaves_what_names_its_version(backend: Backend) {
    let world = World::new(backend).await;
    world.change_release(|release| {
        let module = &mut release.items[0].module;
        module.kind = "library".into();
        module.image = None;
        module.health = None;
        release.items[0].artifacts.clear();
    });
    let manifest = world.render("prod").await.unwrap().value;
    assert_eq!(manifest.objects.len(), 1);
    assert!(manifest.objects[0].name.starts_with("shop-package-"));
    let text = world.service.text(&world.ctx, manifest.id).await.unwrap();
    assert!(text.contains("MODULE_VERSION: 1.4.0"), "{text}");
}

sluice_testkit::on_both_databases!(
    a_release_is_rendered_into_the_gitops_repository_and_announced,
    trailers_say_where_a_commit_comes_from,
    the_same_content_is_a_replay_without_commit_and_event,
    environments_do_not_disturb_each_other,
    content_that_is_the_newest_again_is_announced_again,
    a_folder_loses_what_is_no_longer_rendered,
    fifty_equal_commands_make_one_manifest,
    an_idempotency_key_stands_for_one_command,
    a_library_leaves_what_names_its_version,
);

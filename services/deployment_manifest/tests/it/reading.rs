use sluice_deployment_manifest::{ManifestFilter, ManifestOrder, ManifestStatus};
use sluice_kernel::{Direction, Fault, PageRequest, directory::ManifestDirectory};
use sluice_schema::ErrorCode;
use sluice_testkit::Backend;

use crate::fixture::{World, digest};

async fn a_preview_keeps_nothing_and_needs_no_approval(backend: Backend) {
    let world = World::new(backend).await;
    world.change_release(|release| release.status = "PENDING_APPROVAL".into());
    let preview = world
        .service
        .preview(&world.ctx, world.command("dev"))
        .await
        .unwrap();
    assert_eq!(preview.objects.len(), 4);
    assert!(preview.text.contains("kind: Deployment"));
    assert_eq!(world.count().await, 0);
    assert!(world.history().await.is_empty());
    world.change_release(|release| release.status = "APPROVED".into());
    let rendered = world.render("dev").await.unwrap().value;
    assert_eq!(rendered.content_digest, preview.content_digest);
    assert_eq!(
        world.service.text(&world.ctx, rendered.id).await.unwrap(),
        preview.text
    );
    world.change_release(|release| release.status = "REJECTED".into());
    let error = world
        .service
        .preview(&world.ctx, world.command("dev"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::FailedPrecondition);
}

async fn a_diff_shows_what_changes(backend: Backend) {
    let world = World::new(backend).await;
    let one = world.render("dev").await.unwrap().value;
    world.change_environment(0, |dev| dev.replicas = 5);
    let two = world.render("dev").await.unwrap().value;
    let diff = world
        .service
        .diff(&world.ctx, one.id, two.id)
        .await
        .unwrap();
    assert!(
        diff.starts_with("--- environments/dev/shop 1.4.0\n"),
        "{diff}"
    );
    assert!(
        diff.contains("\n-  replicas: 2\n+  replicas: 5\n"),
        "{diff}"
    );
    assert_eq!(
        world
            .service
            .diff(&world.ctx, one.id, one.id)
            .await
            .unwrap(),
        ""
    );
}

async fn others_learn_of_the_newest_manifest_that_stands(backend: Backend) {
    let world = World::new(backend).await;
    let (release, dev) = (world.release().id, world.environment(0).id);
    let views = || async {
        world
            .service
            .manifests(&world.ctx, release, dev)
            .await
            .unwrap()
    };
    assert!(views().await.is_empty());
    let first = world.render("dev").await.unwrap().value;
    world.change_environment(0, |dev| dev.replicas = 5);
    let second = world.render("dev").await.unwrap().value;
    assert_eq!(views().await[0].id, second.id);
    world.change_environment(0, |dev| dev.replicas = 2);
    world.render("dev").await.unwrap();
    let view = views().await.remove(0);
    assert_eq!(
        (view.id, view.commit_sha),
        (first.id, first.commit_sha.clone().unwrap())
    );
    world.change_environment(0, |dev| {
        dev.configuration.insert("not a name".into(), String::new());
    });
    world.refused("dev").await;
    assert_eq!(views().await[0].id, first.id);
}

async fn manifests_of_what_was_approved_before_are_no_manifests_of_what_is_now(backend: Backend) {
    let world = World::new(backend).await;
    let (release, dev) = (world.release().id, world.environment(0).id);
    let views = || async {
        let found = world.service.manifests(&world.ctx, release, dev).await;
        found.unwrap()
    };
    let rendered = world.render("dev").await.unwrap().value;
    assert_eq!(views().await[0].id, rendered.id);
    // Void, then approved anew for other content, and nothing is rendered yet.
    world.change_release(|release| release.content_digest = digest('f'));
    assert!(views().await.is_empty());
    world.render("dev").await.unwrap();
    assert_eq!(views().await[0].id, rendered.id);
}

async fn lists_and_look_ups_find_manifests_by_their_parents(backend: Backend) {
    let world = World::new(backend).await;
    let dev = world.render("dev").await.unwrap().value;
    let prod = world.render("prod").await.unwrap().value;
    let (ctx, service) = (&world.ctx, &world.service);
    let release = world.release().id;
    let found = service.find_by_releases(ctx, &[release]).await.unwrap();
    let ids: Vec<_> = found[&release].iter().map(|manifest| manifest.id).collect();
    assert_eq!(ids, [dev.id, prod.id]);
    let filter = ManifestFilter {
        environment: Some("prod".into()),
        status: Some(ManifestStatus::Rendered),
        ..ManifestFilter::default()
    };
    let order = (ManifestOrder::CreatedAt, Direction::Descending);
    let request = PageRequest::first(10);
    let page = service.page(ctx, &filter, order, &request).await.unwrap();
    assert_eq!(page.items[0].id, prod.id);
    assert_eq!(page.items.len(), 1);
    let all = ManifestFilter::default();
    let environments = [dev.environment_id, prod.environment_id];
    let counts = service
        .counts_by_environment(ctx, &environments, &all)
        .await
        .unwrap();
    assert_eq!(
        (counts[&dev.environment_id], counts[&prod.environment_id]),
        (1, 1)
    );
    let pages = service
        .pages_by_release(ctx, &[release], &all, order, &request)
        .await
        .unwrap();
    assert_eq!(pages[&release].items.len(), 2);
    assert_eq!(
        service
            .find_many(ctx, &[dev.id, prod.id])
            .await
            .unwrap()
            .len(),
        2
    );
}

sluice_testkit::on_both_databases!(
    a_preview_keeps_nothing_and_needs_no_approval,
    a_diff_shows_what_changes,
    others_learn_of_the_newest_manifest_that_stands,
    manifests_of_what_was_approved_before_are_no_manifests_of_what_is_now,
    lists_and_look_ups_find_manifests_by_their_parents,
);

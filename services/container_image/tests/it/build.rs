//! What builds become.

use std::sync::Arc;

use serde_json::Value;
use sluice_container_image::{ImageFilter, ImageOrder, ImageStatus};
use sluice_image_registry::ImageRegistry;
use sluice_kernel::{Direction, PageRequest, directory::ArtifactDirectory};
use sluice_schema::events::{ContainerImageBuilt, ModuleImage};
use sluice_testkit::{Backend, on_both_databases};

use crate::world::{FILES, REMOTE, World, ada, command, world, world_with_remote};

on_both_databases!(
    a_successful_build_becomes_an_image_however_often_it_is_told,
    a_project_may_keep_its_builds_from_becoming_images,
    fifty_commands_at_once_make_one_image,
    two_builds_of_one_commit_have_one_digest,
    bill_and_provenance_name_what_is_in_the_image_and_where_it_comes_from,
    another_base_rebuilds_the_same_image_with_another_digest,
    further_tags_are_given_to_the_image_that_is_there,
    latest_follows_the_newest_build_and_a_version_its_first_image,
    an_image_goes_on_to_the_configured_registry,
);

async fn page_of(world: &World) -> usize {
    let filter = ImageFilter::default();
    let order = (ImageOrder::CreatedAt, Direction::Descending);
    let request = PageRequest::first(100);
    let page = world.service.page(&ada(), &filter, order, &request).await;
    page.unwrap().items.len()
}

async fn a_successful_build_becomes_an_image_however_often_it_is_told(backend: Backend) {
    let world = world(backend).await;
    let build = world.built(FILES).await;
    let event = world.event(&build);
    tokio::join!(world.tell(&event), world.tell(&event));
    world.tell(&event).await;
    let image = world.image_of(&build).await;
    assert_eq!(image.status, ImageStatus::Pending, "the worker builds it");
    assert_eq!(world.work().await, 1);
    assert_eq!(world.work().await, 0);
    world.tell(&event).await;
    assert_eq!((page_of(&world).await, world.work().await), (1, 0));

    let image = world.image_of(&build).await;
    assert_eq!(image.status, ImageStatus::Built);
    let events = world.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].causation_id, Some(event.event_id));
    assert_eq!(events[0].trace_id, "trace");
    let told: ContainerImageBuilt = serde_json::from_value(events[0].payload.clone()).unwrap();
    assert_eq!(Some(&told.digest), image.digest.as_ref());
    let short = &world.commit[..12];
    assert_eq!(told.tags, [short, "1.0.0", "latest"]);
    for tag in [short, "1.0.0", "latest"] {
        assert_eq!(world.tagged(tag).await, told.digest);
    }
    assert_eq!(told.reference, format!("acme/shop/web@{}", told.digest));
    assert_eq!(world.work_left(), 0, "nothing is left in the work folder");

    let reference = "latest".parse().unwrap();
    let info = world
        .local
        .inspect(&world.repository(), &reference)
        .await
        .unwrap();
    assert_eq!(info.created, Some(crate::world::committed()));
    assert_eq!(info.entrypoint, ["/app/bin/run"]);
    assert_eq!(info.env, ["MODE=prod"]);
    assert_eq!(info.exposed_ports, ["8080/tcp"]);
    assert_eq!(info.user, "65532:65532");
    assert_eq!(
        info.labels["org.opencontainers.image.revision"],
        world.commit
    );
    assert_eq!(
        info.labels["org.opencontainers.image.source"],
        "https://sluice.example/git/acme/shop/web.git"
    );
    let artifacts = world
        .service
        .artifacts(&ada(), &[build.build_id])
        .await
        .unwrap();
    assert_eq!(artifacts[0].1.state, "READY");
    assert_eq!(artifacts[0].1.digest, image.digest);
}

async fn a_project_may_keep_its_builds_from_becoming_images(backend: Backend) {
    let world = world(backend).await;
    world.others.policies.lock().unwrap().auto_build_images = false;
    let build = world.built(FILES).await;
    world.tell(&world.event(&build)).await;
    let mut failed = world.built(FILES).await;
    failed.status = "FAILED".to_owned();
    let mut library = world.built(FILES).await;
    library.module.as_mut().unwrap().image = None;
    world.others.policies.lock().unwrap().auto_build_images = true;
    world.tell(&world.event(&failed)).await;
    world.tell(&world.event(&library)).await;
    assert_eq!((page_of(&world).await, world.work().await), (0, 0));
    let outcome = world.service.build(&ada(), command(&build)).await.unwrap();
    assert!(!outcome.replayed, "a command may");
}

async fn fifty_commands_at_once_make_one_image(backend: Backend) {
    let world = Arc::new(world(backend).await);
    let build = world.built(FILES).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (world, build) = (world.clone(), build.clone());
        calls.spawn(async move {
            let outcome = world.service.build(&ada(), command(&build)).await;
            outcome.unwrap()
        });
    }
    let outcomes = calls.join_all().await;
    assert_eq!(
        outcomes.iter().filter(|outcome| outcome.replayed).count(),
        49
    );
    assert!(
        outcomes
            .iter()
            .all(|one| one.value.id == outcomes[0].value.id)
    );
    assert!(
        outcomes
            .iter()
            .all(|one| one.value.digest == outcomes[0].value.digest)
    );
    assert_eq!(world.events().await.len(), 1);
    assert_eq!(world.work().await, 0);
}

async fn two_builds_of_one_commit_have_one_digest(backend: Backend) {
    let world = world(backend).await;
    let (one, two) = (world.built(FILES).await, world.built(FILES).await);
    let first = world.service.build(&ada(), command(&one)).await.unwrap();
    let second = world.service.build(&ada(), command(&two)).await.unwrap();
    assert_ne!(first.value.id, second.value.id);
    assert_eq!(first.value.digest, second.value.digest);
    assert_eq!(first.value.sbom_digest, second.value.sbom_digest);
    assert_ne!(
        first.value.provenance_digest,
        second.value.provenance_digest
    );
    let digest = first.value.digest.clone().unwrap();
    let found = world
        .service
        .find_by_digests(&ada(), std::slice::from_ref(&digest))
        .await
        .unwrap();
    assert_eq!(found[&digest].id, second.value.id);
}

async fn bill_and_provenance_name_what_is_in_the_image_and_where_it_comes_from(backend: Backend) {
    let world = world(backend).await;
    let build = world.built(FILES).await;
    let image = world
        .service
        .build(&ada(), command(&build))
        .await
        .unwrap()
        .value;
    let bill = world.service.sbom(&ada(), image.id).await.unwrap();
    let bill: Value = serde_json::from_str(&bill).unwrap();
    let names: Vec<&str> = bill["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|component| component["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["left-pad", "bin/run", "package-lock.json", "src/main.mjs"]
    );
    assert_eq!(bill["metadata"]["component"]["version"], "1.0.0");
    let statement = world.service.provenance(&ada(), image.id).await.unwrap();
    let statement: Value = serde_json::from_str(&statement).unwrap();
    let subject = &statement["subject"][0]["digest"]["sha256"];
    assert_eq!(
        format!("sha256:{}", subject.as_str().unwrap()),
        image.digest.clone().unwrap()
    );
    let definition = &statement["predicate"]["buildDefinition"];
    assert_eq!(
        definition["internalParameters"]["buildId"],
        build.build_id.to_string()
    );
    let source = &definition["resolvedDependencies"][0];
    assert_eq!(source["digest"]["gitCommit"], world.commit);
    let digest = image.digest.as_ref().unwrap().parse().unwrap();
    let attached = world
        .local
        .referrers(&world.repository(), digest, None)
        .await;
    assert_eq!(attached.unwrap().len(), 2);
}

async fn another_base_rebuilds_the_same_image_with_another_digest(backend: Backend) {
    let world = world(backend).await;
    let below = world.built(&[("etc/os", "test")]).await;
    let mut below = below;
    let base = ModuleImage {
        name: "base".to_owned(),
        artifact: "image".to_owned(),
        ..Default::default()
    };
    below.module.as_mut().unwrap().image = Some(base);
    world.know(&below);
    let base = world
        .service
        .build(&ada(), command(&below))
        .await
        .unwrap()
        .value;

    let build = world.built(FILES).await;
    let first = world
        .service
        .build(&ada(), command(&build))
        .await
        .unwrap()
        .value;
    let mut rebased = command(&build);
    rebased.base = Some("base:1.0.0".to_owned());
    let second = world.service.build(&ada(), rebased.clone()).await.unwrap();
    assert!(!second.replayed);
    assert_eq!(second.value.id, first.id);
    assert_ne!(second.value.digest, first.digest);
    assert_eq!(second.value.base_digest, base.digest);
    assert_eq!(second.value.layers.len(), 2);
    assert!(world.service.build(&ada(), rebased).await.unwrap().replayed);
    let plain = world.service.build(&ada(), command(&build)).await.unwrap();
    assert!(plain.replayed, "nothing else was asked for");
    assert_eq!(plain.value.digest, second.value.digest);
    let digest = second.value.digest.clone().unwrap();
    assert_eq!(
        world.tagged("1.0.0").await,
        digest,
        "the version follows its image"
    );
    let events = world.events().await;
    assert_eq!(events.len(), 3, "one for the base, two for the image");
    assert_eq!(events[2].payload["digest"], digest);
}

async fn further_tags_are_given_to_the_image_that_is_there(backend: Backend) {
    let world = world(backend).await;
    let build = world.built(FILES).await;
    let first = world
        .service
        .build(&ada(), command(&build))
        .await
        .unwrap()
        .value;
    let mut tagged = command(&build);
    tagged.tags = vec!["blue".to_owned()];
    let second = world.service.build(&ada(), tagged.clone()).await.unwrap();
    assert!(!second.replayed);
    assert_eq!(second.value.digest, first.digest);
    assert_eq!(Some(world.tagged("blue").await), first.digest);
    assert!(second.value.tags.contains(&"blue".to_owned()));
    assert!(world.service.build(&ada(), tagged).await.unwrap().replayed);
}

async fn latest_follows_the_newest_build_and_a_version_its_first_image(backend: Backend) {
    let world = world(backend).await;
    let older = world.built(FILES).await;
    let newer = world.built(&[("bin/run", "#!/bin/sh\necho new\n")]).await;
    let newest = world
        .service
        .build(&ada(), command(&newer))
        .await
        .unwrap()
        .value;
    let late = world
        .service
        .build(&ada(), command(&older))
        .await
        .unwrap()
        .value;
    assert_ne!(newest.digest, late.digest);
    assert_eq!(Some(world.tagged("latest").await), newest.digest);
    assert_eq!(Some(world.tagged("1.0.0").await), newest.digest);
    assert!(newest.tags.contains(&"latest".to_owned()));
    let short = world.commit[..12].to_owned();
    assert_eq!(
        late.tags,
        [short],
        "neither the version nor latest was free"
    );
}

async fn an_image_goes_on_to_the_configured_registry(backend: Backend) {
    let world = world_with_remote(backend).await;
    let build = world.built(FILES).await;
    world.tell(&world.event(&build)).await;
    world.work().await;
    let image = world.image_of(&build).await;
    let digest = image.digest.clone().unwrap();
    assert_eq!(image.registry, REMOTE);
    let expected = format!("{REMOTE}/acme/shop/web@{digest}");
    assert_eq!(image.reference, Some(expected));
    let remote = world.remote.as_ref().unwrap();
    for tag in ["1.0.0", "latest", &world.commit[..12]] {
        let there = remote
            .resolve(&world.repository(), &tag.parse().unwrap())
            .await;
        assert_eq!(there.unwrap().to_string(), digest, "{tag}");
    }
    let parsed = digest.parse().unwrap();
    let documents = remote.referrers(&world.repository(), parsed, None).await;
    assert_eq!(documents.unwrap().len(), 2);
    let mut local = command(&build);
    local.registry = Some("local".to_owned());
    let local = world.service.build(&ada(), local).await.unwrap().value;
    assert_ne!(
        local.id, image.id,
        "a registry of its own, an image of its own"
    );
    assert_eq!(local.digest, image.digest);
}

use sluice_kernel::Fault;
use sluice_schema::ErrorCode;
use sluice_testkit::Backend;

use crate::fixture::{World, digest};

const OVERLAY: &str = "deploy/overlays/dev/kustomization.yaml";
const PATCH: &str = "resources: [../../base]\npatches:\n- patch: |\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: shop}\n    spec: {minReadySeconds: 7}\n";

async fn text(world: &World, environment: &str) -> (String, bool) {
    let manifest = world.render(environment).await.unwrap().value;
    let text = world.service.text(&world.ctx, manifest.id).await.unwrap();
    (text, manifest.overlay)
}

async fn an_overlay_is_built_upon_the_generated_base(backend: Backend) {
    let world = World::new(backend).await;
    world.put(OVERLAY, PATCH).await;
    let (dev, overlay) = text(&world, "dev").await;
    assert!(overlay && dev.contains("minReadySeconds: 7"), "{dev}");
    assert!(dev.contains(&format!("web/shop@{}", digest('a'))), "{dev}");
    let (prod, overlay) = text(&world, "prod").await;
    assert!(!overlay && !prod.contains("minReadySeconds"), "{prod}");
}

async fn a_base_of_the_repository_wins_and_still_gets_the_release_s_image(backend: Backend) {
    let world = World::new(backend).await;
    world
        .put(OVERLAY, "resources: [../../base]\nnamePrefix: dev-\n")
        .await;
    world
        .put("deploy/base/kustomization.yaml", "resources: [pod.yaml]\n")
        .await;
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: own}\nspec: {containers: [{name: c, image: 'shop:latest'}]}\n";
    world.put("deploy/base/pod.yaml", pod).await;
    world.change_environment(0, |dev| dev.namespace = Some("team-dev".into()));
    let (dev, overlay) = text(&world, "dev").await;
    assert!(overlay && dev.contains("name: dev-own"), "{dev}");
    assert!(
        dev.contains(&format!(
            "image: registry.example:5000/web/shop@{}",
            digest('a')
        )),
        "{dev}"
    );
    assert!(dev.contains("namespace: team-dev"), "{dev}");
    assert!(!dev.contains("kind: Deployment"), "{dev}");
}

async fn a_wrong_overlay_is_told_with_its_file_and_kept_as_failed(backend: Backend) {
    let world = World::new(backend).await;
    world
        .put(OVERLAY, "resources: [../../base]\nnamePrefx: dev-\n")
        .await;
    let error = world.refused("dev").await;
    assert_eq!(error.code(), ErrorCode::InvalidManifest);
    let findings = error.findings();
    assert_eq!(
        (findings[0].file.as_str(), findings[0].rule.as_str()),
        (OVERLAY, "unknown-field")
    );
    assert!(findings[0].message.contains("namePrefix"), "{findings:?}");
    assert_eq!(world.refused("dev").await.findings(), findings);
    assert_eq!(world.count().await, 1);
    assert!(world.announced().await.is_empty());
    assert!(world.history().await.is_empty());
    world.put(OVERLAY, PATCH).await;
    assert!(!world.render("dev").await.unwrap().replayed);
}

async fn objects_that_kubernetes_would_refuse_are_told(backend: Backend) {
    let world = World::new(backend).await;
    let wrong = PATCH.replace("minReadySeconds: 7", "minReadySeconds: soon");
    world.put(OVERLAY, &wrong).await;
    let findings = world.refused("dev").await.findings();
    assert_eq!(findings[0].file, "Deployment web-dev/shop");
    assert!(
        findings[0].message.starts_with("spec.minReadySeconds"),
        "{findings:?}"
    );
}

async fn a_secret_s_content_is_never_taken(backend: Backend) {
    let world = World::new(backend).await;
    let secret =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: hunter2}\n";
    world.put("deploy/overlays/dev/secret.yaml", secret).await;
    world
        .put(OVERLAY, "resources: [../../base, secret.yaml]\n")
        .await;
    let error = world.refused("dev").await;
    let told = format!("{error} {:?}", error.findings());
    assert!(
        told.contains("secrets are references") && !told.contains("hunter2"),
        "{told}"
    );
}

sluice_testkit::on_both_databases!(
    an_overlay_is_built_upon_the_generated_base,
    a_base_of_the_repository_wins_and_still_gets_the_release_s_image,
    a_wrong_overlay_is_told_with_its_file_and_kept_as_failed,
    objects_that_kubernetes_would_refuse_are_told,
    a_secret_s_content_is_never_taken,
);

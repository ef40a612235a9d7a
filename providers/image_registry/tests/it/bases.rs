//! Images upon images.

use std::sync::Arc;

use sluice_image_registry::{
    BaseImage, ImageRegistry, ImageRepository, Limits, RemoteConfig, RemoteRegistry,
};
use sluice_schema::{ErrorCode, Fault};
use tempfile::TempDir;

use crate::support::{file, latest, layout, repository, spec, version, web};
use crate::tools::{Registry, oci, skopeo};

fn base() -> ImageRepository {
    repository("shared", "base")
}

fn upon(tag: &str) -> Option<BaseImage> {
    Some(BaseImage {
        repository: base(),
        reference: tag.parse().unwrap(),
    })
}

async fn an_image_lies_over_its_base(registry: Arc<dyn ImageRegistry>) -> String {
    let mut below = spec("below");
    below.files = vec![file("etc/os-release", "ID=test\n")];
    below.target = "/".into();
    below.env.insert("PATH".into(), "/bin".into());
    let below = registry
        .build_and_push(&base(), below, &[version("12")])
        .await
        .unwrap();
    let mut above = spec("above");
    above.base = upon("12");
    above.cmd.clear();
    above.entrypoint.clear();
    let built = registry
        .build_and_push(&web(), above, &[latest()])
        .await
        .unwrap();
    assert_eq!(built.layers.len(), 2);
    assert_eq!(built.layers[0], below.layers[0]);
    let info = registry
        .inspect(&web(), &"latest".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(info.env, ["PATH=/bin", "MODE=prod"]);
    assert_eq!(info.entrypoint, ["/app/bin/run"]);
    let annotation = &info.annotations["org.opencontainers.image.base.digest"];
    assert_eq!(annotation, &below.digest.to_string());
    built.digest.to_string()
}

#[tokio::test]
async fn on_disk_the_base_is_part_of_the_image() {
    let (_folder, registry) = layout();
    let registry = Arc::new(registry);
    let digest = an_image_lies_over_its_base(registry.clone()).await;
    // The base's own folder is no longer needed: a layout stands for itself.
    std::fs::remove_dir_all(registry.folder(&base())).unwrap();
    let from = oci(&registry.folder(&web()), "latest");
    let copy = TempDir::new().unwrap();
    skopeo(&["copy", &from, &oci(copy.path(), "copy")]);
    let seen = skopeo(&["inspect", &oci(copy.path(), "copy")]);
    assert_eq!(seen["Digest"], digest);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_registry_the_base_is_part_of_the_image() {
    let server = Registry::start();
    let staging = TempDir::new().unwrap();
    let config = RemoteConfig::loopback(&server.address, staging.path());
    let registry = Arc::new(RemoteRegistry::connect(config, Limits::default()).unwrap());
    let digest = an_image_lies_over_its_base(registry.clone()).await;
    let copy = TempDir::new().unwrap();
    let from = format!("docker://{}:latest", registry.repository_reference(&web()));
    skopeo(&[
        "copy",
        "--src-tls-verify=false",
        &from,
        &oci(copy.path(), "copy"),
    ]);
    let seen = skopeo(&["inspect", &oci(copy.path(), "copy")]);
    assert_eq!(seen["Digest"], digest);
}

#[tokio::test]
async fn a_base_that_is_missing_foreign_or_unfit_is_refused() {
    let (_folder, registry) = layout();
    let build = async |change: fn(&mut sluice_image_registry::ImageSpec)| {
        let mut spec = spec("a");
        spec.base = upon("12");
        change(&mut spec);
        registry
            .build_and_push(&web(), spec, &[])
            .await
            .unwrap_err()
    };
    assert_eq!(build(|_| {}).await.code(), ErrorCode::NotFound);
    registry
        .build_and_push(&base(), spec("base"), &[version("12")])
        .await
        .unwrap();
    let foreign = build(|spec| {
        spec.base.as_mut().unwrap().repository.tenant = "other".parse().unwrap();
    });
    assert_eq!(foreign.await.code(), ErrorCode::FailedPrecondition);
    let processor = build(|spec| spec.platform.architecture = "arm64".into()).await;
    assert_eq!(processor.code(), ErrorCode::FailedPrecondition);
    assert_eq!(processor.field().unwrap(), "base");
}

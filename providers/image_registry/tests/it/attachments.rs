//! Documents about images.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::join_all;
use sluice_image_registry::{
    Digest, ImageRegistry, Limits, RemoteConfig, RemoteRegistry, media_type,
};
use sluice_schema::{ErrorCode, Fault};
use tempfile::TempDir;

use crate::support::{latest, layout, note, spec, web};
use crate::tools::{Registry, oci, skopeo};

async fn documents_are_found_once_and_read_back(registry: Arc<dyn ImageRegistry>) {
    let built = registry
        .build_and_push(&web(), spec("a"), &[latest()])
        .await
        .unwrap();
    let mut statement = note("provenance");
    statement.artifact_type = media_type::IN_TOTO.to_owned();
    let all = [note("one"), note("two"), statement];
    let attach = (0..12).map(|number| {
        let (registry, attachment) = (registry.clone(), all[number % 3].clone());
        let digest = built.digest;
        tokio::spawn(async move { registry.attach(&web(), digest, &attachment).await.unwrap() })
    });
    let attached: Vec<_> = join_all(attach)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(attached[0], attached[3]);

    let found = registry
        .referrers(&web(), built.digest, None)
        .await
        .unwrap();
    assert_eq!(found.len(), 3);
    let bills = registry
        .referrers(&web(), built.digest, Some(media_type::CYCLONEDX))
        .await
        .unwrap();
    assert_eq!(bills.len(), 2);
    assert!(bills.contains(&attached[0]), "{bills:?}");
    let read = registry
        .attachment(&web(), attached[0].digest)
        .await
        .unwrap();
    assert_eq!(read, note("one"));
    let unknown = Digest::of(b"unknown");
    assert!(
        registry
            .referrers(&web(), unknown, None)
            .await
            .unwrap()
            .is_empty()
    );
    let refused = registry
        .attach(&web(), unknown, &note("x"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_on_disk_are_found_once_and_read_back() {
    let (_folder, registry) = layout();
    let registry = Arc::new(registry);
    documents_are_found_once_and_read_back(registry.clone()).await;
    // The image is still the one that its tag names.
    let seen = skopeo(&["inspect", &oci(&registry.folder(&web()), "latest")]);
    let reference = "latest".parse().unwrap();
    let image = registry.inspect(&web(), &reference).await.unwrap();
    assert_eq!(seen["Digest"], image.digest.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_in_a_registry_are_found_once_and_read_back() {
    let server = Registry::start();
    let staging = TempDir::new().unwrap();
    let config = RemoteConfig::loopback(&server.address, staging.path());
    let registry = RemoteRegistry::connect(config, Limits::default()).unwrap();
    documents_are_found_once_and_read_back(Arc::new(registry)).await;
}

#[tokio::test]
async fn a_document_that_breaks_a_rule_names_its_field() {
    let (_folder, registry) = layout();
    let built = registry
        .build_and_push(&web(), spec("a"), &[])
        .await
        .unwrap();
    let mut kind = note("x");
    kind.artifact_type = "text".into();
    let mut tagging = note("x");
    let tag = "org.opencontainers.image.ref.name";
    tagging.annotations.insert(tag.into(), "latest".into());
    let mut empty = note("x");
    empty.content = Bytes::new();
    let fields = [
        "artifactType".to_owned(),
        format!("annotations[{tag}]"),
        "content".to_owned(),
    ];
    for (attachment, field) in [kind, tagging, empty].iter().zip(fields) {
        let refused = registry
            .attach(&web(), built.digest, attachment)
            .await
            .unwrap_err();
        assert_eq!(refused.code(), ErrorCode::InvalidInput);
        assert_eq!(refused.field(), Some(field));
    }
}

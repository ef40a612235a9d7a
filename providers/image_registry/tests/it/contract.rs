//! What holds for every registry.

use std::sync::Arc;

use futures::future::join_all;
use sluice_image_registry::{
    FileContent, ImageError, ImageRegistry, Limits, RemoteConfig, RemoteRegistry,
};
use sluice_schema::{ErrorCode, Fault};
use tempfile::TempDir;

use crate::support::{latest, layout, repository, spec, version, web};
use crate::tools::Registry;

/// Runs a property on a layout on disk and on a real registry.
macro_rules! on_both {
    ($($name:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            let (_folder, registry) = layout();
            property::$name(Arc::new(registry)).await;
            let server = Registry::start();
            let staging = TempDir::new().unwrap();
            let config = RemoteConfig::loopback(&server.address, staging.path());
            let registry = RemoteRegistry::connect(config, Limits::default()).unwrap();
            property::$name(Arc::new(registry)).await;
        }
    )*};
}

on_both! {
    the_same_spec_again_is_a_replay
    a_fixed_tag_keeps_its_image_and_no_other_tag_moves
    a_moving_tag_follows_the_last_image
    twenty_builds_at_once_make_one_image
    an_image_says_what_it_was_built_from
    what_is_not_there_is_not_found
}

mod property {
    use super::*;

    type Any = Arc<dyn ImageRegistry>;

    pub(super) async fn the_same_spec_again_is_a_replay(registry: Any) {
        let tags = [version("1.0.0"), latest()];
        let first = registry
            .build_and_push(&web(), spec("a"), &tags)
            .await
            .unwrap();
        let again = registry
            .build_and_push(&web(), spec("a"), &tags)
            .await
            .unwrap();
        assert!(!first.replayed);
        assert!(again.replayed);
        assert_eq!(first.digest, again.digest);
        assert_eq!(first.reference, again.reference);
        let another = [version("1.0.0"), latest(), version("4b825dc6")];
        let tagged = registry
            .build_and_push(&web(), spec("a"), &another)
            .await
            .unwrap();
        assert!(!tagged.replayed, "a tag was added");
        assert!(!registry.tag(&web(), first.digest, &another).await.unwrap());
        assert!(
            registry
                .tag(&web(), first.digest, &[version("2.0.0")])
                .await
                .unwrap()
        );
    }

    pub(super) async fn a_fixed_tag_keeps_its_image_and_no_other_tag_moves(registry: Any) {
        let tags = [latest(), version("1.0.0")];
        let first = registry
            .build_and_push(&web(), spec("a"), &tags)
            .await
            .unwrap();
        let refused = registry
            .build_and_push(&web(), spec("b"), &tags)
            .await
            .unwrap_err();
        assert_eq!(refused.code(), ErrorCode::Conflict);
        assert!(matches!(refused, ImageError::TagTaken { digest, .. } if digest == first.digest));
        let latest = "latest".parse().unwrap();
        assert_eq!(
            registry.inspect(&web(), &latest).await.unwrap().digest,
            first.digest
        );
    }

    pub(super) async fn a_moving_tag_follows_the_last_image(registry: Any) {
        let tags = [latest()];
        let first = registry
            .build_and_push(&web(), spec("a"), &tags)
            .await
            .unwrap();
        let second = registry
            .build_and_push(&web(), spec("b"), &tags)
            .await
            .unwrap();
        assert_ne!(first.digest, second.digest);
        let found = registry
            .inspect(&web(), &"latest".parse().unwrap())
            .await
            .unwrap();
        assert_eq!(found.digest, second.digest);
        let by_digest = first.digest.to_string().parse().unwrap();
        assert_eq!(
            registry.inspect(&web(), &by_digest).await.unwrap().digest,
            first.digest
        );
    }

    pub(super) async fn twenty_builds_at_once_make_one_image(registry: Any) {
        let tags = [version("1.0.0"), latest()];
        let builds = (0..20).map(|_| {
            let (registry, tags) = (registry.clone(), tags.clone());
            tokio::spawn(async move { registry.build_and_push(&web(), spec("a"), &tags).await })
        });
        let built: Vec<_> = join_all(builds)
            .await
            .into_iter()
            .map(|one| one.unwrap().unwrap())
            .collect();
        assert!(built.iter().all(|one| one.digest == built[0].digest));
        assert_eq!(built.iter().filter(|one| !one.replayed).count(), 1);
    }

    pub(super) async fn an_image_says_what_it_was_built_from(registry: Any) {
        let built = registry
            .build_and_push(&web(), spec("a"), &[latest()])
            .await
            .unwrap();
        let found = registry
            .inspect(&web(), &"latest".parse().unwrap())
            .await
            .unwrap();
        assert_eq!(found.config_digest, built.config_digest);
        assert_eq!(found.size, built.size);
        assert_eq!(found.reference, built.reference);
        let name = registry.repository_reference(&web());
        assert_eq!(found.reference, format!("{name}@{}", built.digest));
        assert_eq!(
            found.created.unwrap().to_rfc3339(),
            "2025-03-04T05:06:07+00:00"
        );
        assert_eq!(found.entrypoint, ["/app/bin/run"]);
        assert_eq!(found.cmd, ["--serve"]);
        assert_eq!(found.env, ["MODE=prod"]);
        assert_eq!(found.exposed_ports, ["8080/tcp"]);
        assert_eq!(found.user, "1000:1000");
        assert_eq!(found.working_dir, "/app");
        assert_eq!(
            found.labels["org.opencontainers.image.revision"],
            "4b825dc6"
        );
        assert_eq!(built.files.len(), 3, "links are no files");
        assert!(built.files[0].executable);
    }

    pub(super) async fn what_is_not_there_is_not_found(registry: Any) {
        let other = repository("shop", "other");
        let reference = "latest".parse().unwrap();
        let missing = registry.inspect(&other, &reference).await.unwrap_err();
        assert_eq!(missing.code(), ErrorCode::NotFound);
        let built = registry
            .build_and_push(&web(), spec("a"), &[])
            .await
            .unwrap();
        let elsewhere = registry
            .tag(&other, built.digest, &[latest()])
            .await
            .unwrap_err();
        assert_eq!(elsewhere.code(), ErrorCode::NotFound);
        let attachment = registry.attachment(&web(), built.digest).await.unwrap_err();
        assert_eq!(attachment.code(), ErrorCode::NotFound);
    }
}

#[tokio::test]
async fn the_digest_does_not_depend_on_order_place_or_time() {
    let (_one, left) = layout();
    let (folder, right) = layout();
    let text = folder.path().join("text");
    std::fs::write(&text, "a").unwrap();
    let mut shuffled = spec("a");
    shuffled.files.reverse();
    let from_disk = shuffled
        .files
        .iter_mut()
        .find(|f| f.path == "data/text")
        .unwrap();
    from_disk.content = FileContent::Path(text);
    let left = left.build_and_push(&web(), spec("a"), &[]).await.unwrap();
    let right = right.build_and_push(&web(), shuffled, &[]).await.unwrap();
    assert_eq!(left, right);
}

#[tokio::test]
async fn a_wrong_spec_names_its_field_and_leaves_nothing() {
    let (_folder, registry) = layout();
    let mut wrong = spec("a");
    wrong.files[0].path = "../run".into();
    let refused = registry
        .build_and_push(&web(), wrong, &[latest()])
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::InvalidInput);
    assert_eq!(refused.field().unwrap(), "files[../run].path");
    assert!(!registry.folder(&web()).exists());
    let twice = [latest(), version("latest")];
    let refused = registry
        .build_and_push(&web(), spec("a"), &twice)
        .await
        .unwrap_err();
    assert_eq!(refused.field().unwrap(), "tags");
}

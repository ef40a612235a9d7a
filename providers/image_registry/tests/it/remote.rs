//! One image on disk, in a registry and before skopeo.

use sluice_image_registry::{
    ImageRegistry, Limits, RemoteAuth, RemoteConfig, RemoteRegistry, media_type,
};
use sluice_schema::{ErrorCode, Fault};
use tempfile::TempDir;

use crate::support::{latest, layout, note, repository, spec, version, web};
use crate::tools::{Registry, oci, skopeo, tar_listing};

fn connect(server: &Registry, staging: &TempDir) -> RemoteRegistry {
    let mut config = RemoteConfig::loopback(&server.address, staging.path());
    config.prefix = Some("team/images".into());
    RemoteRegistry::connect(config, Limits::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn disk_registry_and_skopeo_agree_on_the_digest() {
    let (_folder, disk) = layout();
    let server = Registry::start();
    let staging = TempDir::new().unwrap();
    let remote = connect(&server, &staging);
    let tags = [version("1.0.0"), latest()];
    let on_disk = disk.build_and_push(&web(), spec("a"), &tags).await.unwrap();
    let pushed = remote
        .build_and_push(&web(), spec("a"), &tags)
        .await
        .unwrap();
    assert_eq!(on_disk.digest, pushed.digest);

    let seen = skopeo(&["inspect", &oci(&disk.folder(&web()), "1.0.0")]);
    assert_eq!(seen["Digest"], on_disk.digest.to_string());
    assert_eq!(seen["Created"], "2025-03-04T05:06:07Z");
    assert_eq!(seen["Layers"][0], on_disk.layers[0].to_string());
    let name = remote.repository_reference(&web());
    assert_eq!(
        name,
        format!("{}/team/images/acme/shop/web", server.address)
    );
    let there = format!("docker://{name}:latest");
    let seen = skopeo(&["inspect", "--tls-verify=false", &there]);
    assert_eq!(seen["Digest"], pushed.digest.to_string());
    assert_eq!(seen["RepoTags"].as_array().unwrap().len(), 2);

    // Copied by another program, the image is still the same.
    let copied = format!("docker://{}/copy/web:1", server.address);
    let from = oci(&disk.folder(&web()), "latest");
    skopeo(&[
        "copy",
        "--dest-tls-verify=false",
        "--preserve-digests",
        &from,
        &copied,
    ]);
    let seen = skopeo(&["inspect", "--tls-verify=false", &copied]);
    assert_eq!(seen["Digest"], pushed.digest.to_string());
}

#[tokio::test]
async fn the_layer_holds_sorted_entries_without_owner_and_time() {
    let (_folder, disk) = layout();
    let built = disk.build_and_push(&web(), spec("a"), &[]).await.unwrap();
    let layer = disk
        .folder(&web())
        .join("blobs/sha256")
        .join(built.layers[0].hex());
    let listing = tar_listing(&layer);
    let lines: Vec<&str> = listing.lines().collect();
    let name = |line: &&str| line.split_whitespace().nth(5).unwrap().to_owned();
    let names: Vec<String> = lines.iter().map(name).collect();
    assert_eq!(
        names[..5],
        [
            "app/",
            "app/bin/",
            "app/bin/alias",
            "app/bin/run",
            "app/data/"
        ]
    );
    assert!(names.is_sorted());
    assert!(
        lines
            .iter()
            .all(|line| line.contains(" 0/0 ") && line.contains(" 1970-01-01 "))
    );
    assert!(lines[3].starts_with("-rwxr-xr-x"));
    assert!(lines[2].ends_with("alias -> run"));
}

#[tokio::test(flavor = "multi_thread")]
async fn referrers_of_a_registry_without_their_list_are_found_by_tag() {
    let server = Registry::start();
    let staging = TempDir::new().unwrap();
    let remote = connect(&server, &staging);
    let built = remote
        .build_and_push(&web(), spec("a"), &[latest()])
        .await
        .unwrap();
    let attached = remote
        .attach(&web(), built.digest, &note("bill"))
        .await
        .unwrap();
    let name = remote.repository_reference(&web());
    let tag = format!("docker://{name}:sha256-{}", built.digest.hex());
    let index = skopeo(&["inspect", "--raw", "--tls-verify=false", &tag]);
    assert_eq!(index["mediaType"], media_type::INDEX);
    assert_eq!(index["manifests"][0]["digest"], attached.digest.to_string());
    assert_eq!(index["manifests"][0]["artifactType"], media_type::CYCLONEDX);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_on_disk_is_brought_to_a_registry_with_its_documents() {
    let (_folder, disk) = layout();
    let web = repository("shop", "team/web");
    let built = disk
        .build_and_push(&web, spec("a"), &[latest()])
        .await
        .unwrap();
    let attached = disk
        .attach(&web, built.digest, &note("bill"))
        .await
        .unwrap();
    let server = Registry::start();
    let staging = TempDir::new().unwrap();
    let remote = connect(&server, &staging);
    let folder = disk.layout(&web).unwrap();
    let tags = [version("1.0.0"), latest()];
    let moved = remote.import(&web, &folder, built.digest, &tags).await;
    assert!(moved.unwrap());
    let again = remote.import(&web, &folder, built.digest, &tags).await;
    assert!(!again.unwrap());
    let reference = "1.0.0".parse().unwrap();
    assert_eq!(
        remote.resolve(&web, &reference).await.unwrap(),
        built.digest
    );
    let found = remote.referrers(&web, built.digest, None).await.unwrap();
    assert_eq!(found, std::slice::from_ref(&attached));
    let read = remote.attachment(&web, attached.digest).await.unwrap();
    assert_eq!(read, note("bill"));
    assert!(remote.layout(&web).is_none());
    let other = disk.build_and_push(&web, spec("b"), &[]).await.unwrap();
    let refused = remote.import(&web, &folder, other.digest, &tags).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::Conflict);
    let missing = remote.import(&web, staging.path(), built.digest, &[]).await;
    assert_eq!(missing.unwrap_err().code(), ErrorCode::NotFound);
}

const BASIC: &str = "auth:\n  htpasswd:\n    realm: test\n    path: $FOLDER/htpasswd\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_asks_for_credentials_gets_the_configured_ones() {
    let server = Registry::start_with(BASIC);
    let staging = TempDir::new().unwrap();
    let connect = |auth| {
        let mut config = RemoteConfig::loopback(&server.address, staging.path());
        config.auth = auth;
        RemoteRegistry::connect(config, Limits::default()).unwrap()
    };
    let basic = |password: &str| RemoteAuth::Basic {
        username: "ci".into(),
        password: password.into(),
    };
    for auth in [
        RemoteAuth::Anonymous,
        basic("hunter2"),
        RemoteAuth::Token("hunter2".into()),
    ] {
        let refused = connect(auth)
            .build_and_push(&web(), spec("a"), &[latest()])
            .await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::FailedPrecondition, "{refused:?}");
        assert!(!format!("{refused:?}").contains("hunter2"));
    }
    let allowed = connect(basic("secret"));
    allowed
        .build_and_push(&web(), spec("a"), &[latest()])
        .await
        .unwrap();
}

#[tokio::test]
async fn a_registry_that_does_not_answer_is_worth_another_try() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let staging = TempDir::new().unwrap();
    let config = RemoteConfig::loopback(format!("127.0.0.1:{port}"), staging.path());
    let remote = RemoteRegistry::connect(config, Limits::default()).unwrap();
    let refused = remote
        .build_and_push(&web(), spec("a"), &[latest()])
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Unavailable);
    let left = std::fs::read_dir(staging.path()).unwrap().count();
    assert_eq!(left, 0, "the layer's temporary file is gone");
}

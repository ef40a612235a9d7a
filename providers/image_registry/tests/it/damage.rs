//! Files that change under our hands, links, damage and crashes.

use std::os::unix::fs::symlink;

use sluice_image_registry::{
    DEFAULT_AUTHORITY, FileContent, ImageError, ImageRegistry, LayoutRegistry, Limits,
};
use sluice_schema::{ErrorCode, Fault};

use crate::support::{file, latest, layout, open, spec, version, web};

#[tokio::test]
async fn links_and_pipes_are_not_read_as_files() {
    let (folder, registry) = layout();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "secret").unwrap();
    let link = folder.path().join("link");
    symlink(&secret, &link).unwrap();
    for path in [
        link,
        folder.path().to_owned(),
        folder.path().join("missing"),
    ] {
        let mut spec = spec("a");
        spec.files[1].content = FileContent::Path(path);
        let refused = registry
            .build_and_push(&web(), spec, &[])
            .await
            .unwrap_err();
        assert_eq!(refused.field().unwrap(), "files[data/text]");
        let message = refused.to_string();
        assert!(
            !message.contains(folder.path().to_str().unwrap()),
            "{message}"
        );
    }
}

#[tokio::test]
async fn sizes_over_the_limits_are_refused() {
    let (folder, _) = layout();
    let limits = Limits {
        max_file_bytes: 10,
        max_image_bytes: 15,
        max_files: 3,
        ..Limits::default()
    };
    let root = folder.path().join("limited");
    let registry = LayoutRegistry::open(root, DEFAULT_AUTHORITY, limits).unwrap();
    let cases = [
        vec![file("a", "12345678901")],
        vec![file("a", "1234567890"), file("b", "1234567890")],
        vec![file("a", ""), file("b", ""), file("c", ""), file("d", "")],
    ];
    for files in cases {
        let mut spec = spec("a");
        spec.files = files;
        let refused = registry
            .build_and_push(&web(), spec, &[])
            .await
            .unwrap_err();
        assert_eq!(refused.code(), ErrorCode::LimitExceeded);
    }
}

#[tokio::test]
async fn damaged_content_is_not_given_out() {
    let (_folder, registry) = layout();
    let built = registry
        .build_and_push(&web(), spec("a"), &[latest()])
        .await
        .unwrap();
    let blobs = registry.folder(&web()).join("blobs/sha256");
    let config = blobs.join(built.config_digest.hex());
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("MODE=prod", "MODE=evil")).unwrap();
    let reference = "latest".parse().unwrap();
    let damaged = registry.inspect(&web(), &reference).await.unwrap_err();
    assert!(matches!(damaged, ImageError::Damaged { .. }));

    let config = built.config_digest.to_string().parse().unwrap();
    let no_image = registry.inspect(&web(), &config).await.unwrap_err();
    assert!(matches!(no_image, ImageError::Damaged { .. }));
    std::fs::write(blobs.join(built.config_digest.hex()), "{}").unwrap();
    registry
        .build_and_push(&web(), spec("a"), &[latest()])
        .await
        .unwrap();
    assert!(
        registry.inspect(&web(), &reference).await.is_ok(),
        "the next build mends it"
    );
}

#[tokio::test]
async fn a_link_in_place_of_a_folder_or_blob_is_not_followed() {
    let (folder, registry) = layout();
    let outside = folder.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    let layout_folder = registry.folder(&web());
    std::fs::create_dir_all(layout_folder.parent().unwrap()).unwrap();
    symlink(&outside, &layout_folder).unwrap();
    let refused = registry
        .build_and_push(&web(), spec("a"), &[])
        .await
        .unwrap_err();
    assert!(matches!(refused, ImageError::Damaged { .. }));
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
}

#[tokio::test]
async fn a_crash_before_the_index_leaves_no_image_and_the_next_build_goes_through() {
    let (folder, registry) = layout();
    let tags = [version("1.0.0")];
    let built = registry
        .build_and_push(&web(), spec("a"), &tags)
        .await
        .unwrap();
    // As if the process had died with all blobs written and the index not.
    std::fs::remove_file(registry.folder(&web()).join("index.json")).unwrap();
    let reopened = open(&folder);
    let reference = "1.0.0".parse().unwrap();
    let missing = reopened.inspect(&web(), &reference).await.unwrap_err();
    assert_eq!(missing.code(), ErrorCode::NotFound);
    let again = reopened
        .build_and_push(&web(), spec("a"), &tags)
        .await
        .unwrap();
    assert_eq!(again.digest, built.digest);
    assert!(!again.replayed);
    assert!(reopened.inspect(&web(), &reference).await.is_ok());
    let staging = folder.path().join("images/.staging");
    assert_eq!(std::fs::read_dir(staging).unwrap().count(), 0);
}

#[tokio::test]
async fn two_processes_share_a_layout() {
    let (folder, left) = layout();
    let right = open(&folder);
    let mut builds = Vec::new();
    for number in 0..10 {
        let registry = if number % 2 == 0 {
            left.clone()
        } else {
            right.clone()
        };
        builds.push(tokio::spawn(async move {
            let tags = [version(&format!("1.0.{number}")), latest()];
            registry
                .build_and_push(&web(), spec(&number.to_string()), &tags)
                .await
                .unwrap()
        }));
    }
    for (number, build) in builds.into_iter().enumerate() {
        let digest = build.await.unwrap().digest;
        let reference = format!("1.0.{number}").parse().unwrap();
        assert_eq!(
            left.inspect(&web(), &reference).await.unwrap().digest,
            digest
        );
    }
}

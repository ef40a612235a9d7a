//! What the tests build, and where.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use sluice_image_registry::{
    Attachment, DEFAULT_AUTHORITY, FileContent, ImageFile, ImageRepository, ImageSpec,
    LayoutRegistry, Limits, TagRequest, media_type,
};
use tempfile::TempDir;

pub(crate) fn repository(project: &str, name: &str) -> ImageRepository {
    ImageRepository {
        tenant: "acme".parse().unwrap(),
        project: project.parse().unwrap(),
        name: name.parse().unwrap(),
    }
}

pub(crate) fn web() -> ImageRepository {
    repository("shop", "web")
}

pub(crate) fn layout() -> (TempDir, LayoutRegistry) {
    let folder = TempDir::new().unwrap();
    let registry = open(&folder);
    (folder, registry)
}

pub(crate) fn open(folder: &TempDir) -> LayoutRegistry {
    let root = folder.path().join("images");
    LayoutRegistry::open(root, DEFAULT_AUTHORITY, Limits::default()).unwrap()
}

pub(crate) fn file(path: &str, text: &str) -> ImageFile {
    ImageFile {
        path: path.to_owned(),
        content: FileContent::Bytes(Bytes::copy_from_slice(text.as_bytes())),
        executable: path.starts_with("bin/"),
    }
}

pub(crate) fn committed() -> DateTime<Utc> {
    "2025-03-04T05:06:07.891Z".parse().unwrap()
}

pub(crate) fn spec(text: &str) -> ImageSpec {
    let link = ImageFile {
        path: "bin/alias".to_owned(),
        content: FileContent::Link("run".to_owned()),
        executable: false,
    };
    let long = format!("data/{}/{}", "long".repeat(30), "name".repeat(30));
    let files = vec![
        file("bin/run", "#!/bin/sh\necho hello\n"),
        file("data/text", text),
        file(&long, "deep"),
        link,
    ];
    let mut spec = ImageSpec::new(files, committed());
    spec.entrypoint = vec!["/app/bin/run".to_owned()];
    spec.cmd = vec!["--serve".to_owned()];
    spec.env = [("MODE".to_owned(), "prod".to_owned())].into();
    spec.exposed_ports = ["8080".to_owned()].into();
    spec.user = Some("1000:1000".to_owned());
    let revision = "org.opencontainers.image.revision".to_owned();
    spec.labels = [(revision, "4b825dc6".to_owned())].into();
    spec
}

pub(crate) fn version(tag: &str) -> TagRequest {
    TagRequest::fixed(tag.parse().unwrap())
}

pub(crate) fn latest() -> TagRequest {
    TagRequest::moving("latest".parse().unwrap())
}

pub(crate) fn note(text: &str) -> Attachment {
    Attachment {
        artifact_type: media_type::CYCLONEDX.to_owned(),
        media_type: media_type::CYCLONEDX.to_owned(),
        content: Bytes::copy_from_slice(text.as_bytes()),
        annotations: [("note".to_owned(), text.to_owned())].into(),
    }
}

//! Packages, feeds, and archives that no honest tool writes.

use std::path::Path;

use bytes::Bytes;
use flate2::Crc;
use sluice_package_feed::{
    Dependency, FeedName, FileContent, Limits, LocalPackageFeed, PackageFile, PackageMetadata,
    PackageSpec, Packed, SourceRepository, pack,
};

pub(crate) fn feed() -> FeedName {
    FeedName {
        tenant: "acme".parse().unwrap(),
        project: "shop".parse().unwrap(),
    }
}

pub(crate) async fn local(root: &Path) -> LocalPackageFeed {
    LocalPackageFeed::open(root, Limits::default())
        .await
        .unwrap()
}

pub(crate) fn metadata(id: &str, version: &str) -> PackageMetadata {
    let mut metadata = PackageMetadata::new(id.parse().unwrap(), version.parse().unwrap());
    metadata.description = format!("What {id} does.");
    metadata.authors = vec!["Ann".to_owned()];
    metadata
}

pub(crate) fn file(path: &str, content: &str) -> PackageFile {
    PackageFile {
        path: path.to_owned(),
        content: FileContent::Bytes(Bytes::from(content.to_owned())),
    }
}

pub(crate) fn rich() -> PackageSpec {
    let mut metadata = metadata("Acme.Web", "1.2.0-rc.1+build.5");
    metadata.title = Some("Web <&> \"more\"".to_owned());
    metadata.authors = vec!["Ann".to_owned(), "Bo Ø".to_owned()];
    metadata.tags = vec!["web".to_owned(), "shop".to_owned()];
    metadata.release_notes = Some("one\ntwo".to_owned());
    metadata.project_url = Some("https://example.org/?a=1&b=2".to_owned());
    metadata.license = Some("MIT OR Apache-2.0".to_owned());
    metadata.repository = Some(SourceRepository {
        kind: "git".to_owned(),
        url: "https://example.org/web.git".to_owned(),
        branch: Some("main".to_owned()),
        commit: Some("a".repeat(40)),
    });
    metadata.dependencies = vec![
        dependency("Newtonsoft.Json", Some("[13.0.1,14.0)"), None),
        dependency("Acme.Core", None, Some("net8.0")),
    ];
    PackageSpec {
        metadata,
        files: vec![
            file("lib/net8.0/Acme.Web.dll", "MZ not really"),
            file("content/über uns+x.txt", &"text ".repeat(1_000)),
            file("tools/Makefile", ""),
        ],
    }
}

fn dependency(id: &str, range: Option<&str>, framework: Option<&str>) -> Dependency {
    Dependency {
        id: id.parse().unwrap(),
        range: range.map(|range| range.parse().unwrap()),
        target_framework: framework.map(str::to_owned),
    }
}

/// A package with one small file.
pub(crate) fn package(id: &str, version: &str, content: &str) -> Packed {
    let spec = PackageSpec {
        metadata: metadata(id, version),
        files: vec![file("content/a.txt", content)],
    };
    pack(&spec, &Limits::default()).unwrap()
}

pub(crate) const NUSPEC: &str =
    "<package><metadata><id>a</id><version>1.0</version></metadata></package>";

/// An entry as it will stand in the archive, whatever it claims.
#[derive(Clone)]
pub(crate) struct Raw {
    pub(crate) name: String,
    pub(crate) local_name: String,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) content: Vec<u8>,
    pub(crate) size: u32,
    pub(crate) crc: u32,
    pub(crate) mode: u32,
}

impl Raw {
    pub(crate) fn new(name: &str, content: &str) -> Self {
        let mut crc = Crc::new();
        crc.update(content.as_bytes());
        Self {
            name: name.to_owned(),
            local_name: name.to_owned(),
            flags: 0x0800,
            method: 0,
            content: content.as_bytes().to_vec(),
            size: content.len() as u32,
            crc: crc.sum(),
            mode: 0o100_644,
        }
    }

    fn common(&self, name: &str) -> Vec<u8> {
        let mut out = Vec::new();
        for field in [20, self.flags, self.method, 0, 0x21] {
            out.extend(field.to_le_bytes());
        }
        for field in [self.crc, self.content.len() as u32, self.size] {
            out.extend(field.to_le_bytes());
        }
        out.extend((name.len() as u16).to_le_bytes());
        out.extend([0; 2]);
        out
    }
}

/// An archive of exactly these entries.
pub(crate) fn archive(entries: &[Raw]) -> Vec<u8> {
    let (mut out, mut central) = (Vec::new(), Vec::new());
    for entry in entries {
        let offset = out.len() as u32;
        out.extend(0x0403_4b50_u32.to_le_bytes());
        out.extend(entry.common(&entry.local_name));
        out.extend(entry.local_name.as_bytes());
        out.extend(&entry.content);
        central.extend(0x0201_4b50_u32.to_le_bytes());
        // Made on Unix, so that the mode counts.
        central.extend(0x0314_u16.to_le_bytes());
        central.extend(entry.common(&entry.name));
        central.extend([0; 6]);
        central.extend((entry.mode << 16).to_le_bytes());
        central.extend(offset.to_le_bytes());
        central.extend(entry.name.as_bytes());
    }
    let start = out.len() as u32;
    out.extend(&central);
    out.extend(0x0605_4b50_u32.to_le_bytes());
    out.extend([0; 4]);
    for _ in 0..2 {
        out.extend((entries.len() as u16).to_le_bytes());
    }
    out.extend((central.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0; 2]);
    out
}

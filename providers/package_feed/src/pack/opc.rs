//! The parts that the package format (Open Packaging Conventions) wants beside the content.

use std::collections::BTreeSet;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::metadata::PackageMetadata;
use crate::nuspec::escape;
use crate::path;

const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const MANIFEST: &str = "http://schemas.microsoft.com/packaging/2010/07/manifest";
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

/// The name of the description in the archive.
pub(super) fn nuspec_name(metadata: &PackageMetadata) -> String {
    format!("{}.nuspec", metadata.id)
}

/// Content types, relationships and core properties. `identity` is hexadecimal.
pub(super) fn parts(
    metadata: &PackageMetadata,
    files: &[&str],
    identity: &str,
) -> Vec<(String, Vec<u8>)> {
    let id = identity.get(..32).unwrap_or(identity);
    let properties = format!("package/services/metadata/core-properties/{id}.psmdcp");
    vec![
        (
            "_rels/.rels".to_owned(),
            relationships(metadata, &properties).into_bytes(),
        ),
        (properties, core_properties(metadata).into_bytes()),
        (
            "[Content_Types].xml".to_owned(),
            content_types(files).into_bytes(),
        ),
    ]
}

fn relationships(metadata: &PackageMetadata, properties: &str) -> String {
    let mut out = format!("{DECLARATION}<Relationships xmlns=\"{PACKAGE}/relationships\">\n");
    let core = format!("{PACKAGE}/relationships/metadata/core-properties");
    for (kind, target) in [
        (MANIFEST, nuspec_name(metadata).as_str()),
        (&core, properties),
    ] {
        let id = hex::encode_upper(Sha256::digest(target));
        let id = id.get(..16).unwrap_or(&id);
        let _ = writeln!(
            out,
            "  <Relationship Type=\"{kind}\" Target=\"/{target}\" Id=\"R{id}\" />"
        );
    }
    out + "</Relationships>\n"
}

fn core_properties(metadata: &PackageMetadata) -> String {
    let mut out = format!(
        "{DECLARATION}<coreProperties xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:dcterms=\"http://purl.org/dc/terms/\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xmlns=\"{PACKAGE}/metadata/core-properties\">\n"
    );
    for (name, value) in [
        ("dc:creator", metadata.authors.join(",")),
        ("dc:description", metadata.description.clone()),
        ("dc:identifier", metadata.id.to_string()),
        ("version", metadata.version.to_string()),
        ("keywords", metadata.tags.join(" ")),
        ("lastModifiedBy", "Sluice".to_owned()),
    ] {
        let _ = writeln!(out, "  <{name}>{}</{name}>", escape(&value));
    }
    out + "</coreProperties>\n"
}

fn content_types(files: &[&str]) -> String {
    let mut out = format!("{DECLARATION}<Types xmlns=\"{PACKAGE}/content-types\">\n");
    let own = [
        ("nuspec", "application/octet"),
        (
            "psmdcp",
            "application/vnd.openxmlformats-package.core-properties+xml",
        ),
        (
            "rels",
            "application/vnd.openxmlformats-package.relationships+xml",
        ),
    ];
    for (extension, kind) in own {
        let _ = writeln!(
            out,
            "  <Default Extension=\"{extension}\" ContentType=\"{kind}\" />"
        );
    }
    let mut extensions = BTreeSet::new();
    let mut without = BTreeSet::new();
    for file in files {
        let name = file.rsplit('/').next().unwrap_or(file);
        match name
            .rsplit_once('.')
            .map(|(_, extension)| extension.to_lowercase())
        {
            Some(extension) if own.iter().any(|(known, _)| *known == extension) => {}
            Some(extension) => {
                extensions.insert(path::escape(&extension));
            }
            None => {
                without.insert(path::escape(file));
            }
        }
    }
    for extension in extensions {
        let _ = writeln!(
            out,
            "  <Default Extension=\"{extension}\" ContentType=\"application/octet\" />"
        );
    }
    for part in without {
        let _ = writeln!(
            out,
            "  <Override PartName=\"/{part}\" ContentType=\"application/octet\" />"
        );
    }
    out + "</Types>\n"
}

//! Bills of materials in CycloneDX 1.6, JSON.
//!
//! A bill names every file of the image with its digest, and every package that lock files and
//! installed packages among the files name, with its package URL. It is a function of its input:
//! the serial number comes from the content.

mod cargo;
mod dependencies;
mod npm;
mod nuget;
mod python;

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

pub use dependencies::{Dependencies, Dependency, Ecosystem, dependencies_of};

use crate::{Attachment, Digest, FileFact, Limits, Result, media_type};

/// The image that a bill is about.
#[derive(Debug, Clone)]
pub struct SbomSubject {
    /// The image's name, for example `host/tenant/project/name`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its digest.
    pub digest: Digest,
    /// When its content was made, as in the image.
    pub created: DateTime<Utc>,
    /// The version of this program.
    pub tool_version: String,
}

/// The bill as an attachment.
///
/// # Errors
/// [`crate::ImageError::TooLarge`] when it would be larger than an attachment may be.
pub fn attachment(
    subject: &SbomSubject,
    files: &[FileFact],
    dependencies: &Dependencies,
    limits: &Limits,
) -> Result<Attachment> {
    let mut bill = bill(subject, files, dependencies);
    let plain = serde_json::to_vec(&bill).unwrap_or_default();
    let serial = serial_number(&plain);
    bill.insert("serialNumber".into(), serial.into());
    let content = serde_json::to_vec(&bill).unwrap_or_default();
    if content.len() as u64 > limits.max_attachment_bytes {
        return Err(crate::ImageError::too_large(
            "the bill of materials in bytes",
            limits.max_attachment_bytes,
        ));
    }
    Ok(Attachment {
        artifact_type: media_type::CYCLONEDX.to_owned(),
        media_type: media_type::CYCLONEDX.to_owned(),
        content: Bytes::from(content),
        annotations: BTreeMap::new(),
    })
}

fn serial_number(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    let uuid = uuid::Builder::from_custom_bytes(bytes).into_uuid();
    format!("urn:uuid:{uuid}")
}

fn bill(
    subject: &SbomSubject,
    files: &[FileFact],
    dependencies: &Dependencies,
) -> Map<String, Value> {
    let mut components = Vec::new();
    let mut direct = Vec::new();
    for dependency in &dependencies.found {
        let package_url = dependency.package_url();
        direct.push(package_url.clone());
        components.push(package(dependency, &package_url));
    }
    components.extend(files.iter().map(file));
    let mut bill = Map::new();
    bill.insert("bomFormat".into(), "CycloneDX".into());
    bill.insert("specVersion".into(), "1.6".into());
    bill.insert("version".into(), 1.into());
    bill.insert("metadata".into(), metadata(subject, dependencies));
    bill.insert("components".into(), components.into());
    // Lock files of different kinds do not all say who needs whom: each is named under the image.
    let root = json!({ "ref": reference(subject), "dependsOn": direct });
    bill.insert("dependencies".into(), json!([root]));
    bill
}

fn reference(subject: &SbomSubject) -> String {
    format!("{}@{}", subject.name, subject.digest)
}

fn metadata(subject: &SbomSubject, dependencies: &Dependencies) -> Value {
    let unreadable: Vec<Value> = dependencies
        .unreadable
        .iter()
        .map(|path| json!({ "name": "sluice:unreadable-lock-file", "value": path }))
        .collect();
    json!({
        "timestamp": subject.created.to_rfc3339_opts(SecondsFormat::Secs, true),
        "tools": { "components": [{
            "type": "application",
            "name": "sluice",
            "version": subject.tool_version,
        }] },
        "component": {
            "type": "container",
            "bom-ref": reference(subject),
            "name": subject.name,
            "version": subject.version,
            "hashes": [{ "alg": "SHA-256", "content": subject.digest.hex() }],
        },
        "properties": unreadable,
    })
}

fn package(dependency: &Dependency, package_url: &str) -> Value {
    let places: Vec<Value> = dependency
        .places
        .iter()
        .map(|path| json!({ "name": "sluice:named-in", "value": path }))
        .collect();
    json!({
        "type": "library",
        "bom-ref": package_url,
        "name": dependency.name,
        "version": dependency.version,
        "purl": package_url,
        "properties": places,
    })
}

fn file(fact: &FileFact) -> Value {
    json!({
        "type": "file",
        "bom-ref": format!("file:{}", fact.path),
        "name": fact.path,
        "hashes": [{ "alg": "SHA-256", "content": fact.digest.hex() }],
        "properties": [{ "name": "sluice:size", "value": fact.size.to_string() }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> SbomSubject {
        SbomSubject {
            name: "sluice.local/acme/shop/web".into(),
            version: "1.2.3".into(),
            digest: Digest::of(b"image"),
            created: DateTime::UNIX_EPOCH,
            tool_version: "0.1.0".into(),
        }
    }

    fn files() -> Vec<FileFact> {
        vec![FileFact {
            path: "bin/run".into(),
            size: 3,
            digest: Digest::of(b"run"),
            executable: true,
        }]
    }

    #[test]
    fn a_bill_is_the_same_for_the_same_content_and_another_for_other_content() {
        let limits = Limits::default();
        let none = Dependencies::default();
        let read = |files: &[FileFact]| {
            let bill = attachment(&subject(), files, &none, &limits).unwrap();
            serde_json::from_slice::<Value>(&bill.content).unwrap()
        };
        assert_eq!(read(&files()), read(&files()));
        let serial = read(&files())["serialNumber"].clone();
        assert!(serial.as_str().unwrap().starts_with("urn:uuid:"));
        assert_ne!(serial, read(&[])["serialNumber"]);
        let digest = &read(&files())["components"][0]["hashes"][0]["content"];
        assert_eq!(digest, &Digest::of(b"run").hex());
    }

    #[test]
    fn every_package_stands_under_the_image() {
        let mut dependencies = Dependencies::default();
        dependencies.add(
            Ecosystem::Npm,
            "@scope/left-pad",
            "1.0.0",
            "package-lock.json",
        );
        let bill = attachment(&subject(), &[], &dependencies, &Limits::default()).unwrap();
        let bill: Value = serde_json::from_slice(&bill.content).unwrap();
        let package_url = "pkg:npm/%40scope/left-pad@1.0.0";
        assert_eq!(bill["components"][0]["purl"], package_url);
        assert_eq!(bill["dependencies"][0]["dependsOn"][0], package_url);
    }
}

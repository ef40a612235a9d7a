//! What was rendered: objects, and the files that hold them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sluice_kernel::{ContentDigest, Finding};
use sluice_manifest_renderer::{Object, RenderError, Rendered};
use sluice_schema::Fault;

use super::{Subject, settings::settings};

/// The file that describes a manifest beside its objects.
const DESCRIPTION: &str = "manifest.json";

/// An object of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectSummary {
    /// `apiVersion`, for example `apps/v1`.
    pub api_version: String,
    /// `kind`, for example `Deployment`.
    pub kind: String,
    /// Its namespace, when it names one.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// The images of its containers, each once.
    pub images: Vec<String>,
    /// Settings that it gives to the module, each with the digest of its value; see
    /// [`DeploymentManifestRendered`](sluice_schema::events::DeploymentManifestRendered).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
}

/// A file of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestFile {
    /// Its name in the manifest's folder.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What rendering would come to; nothing is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// `sha256:<hex>` of the rendered objects.
    pub content_digest: String,
    /// Whether an overlay of the module's repository was used.
    pub overlay: bool,
    /// The objects, in the order in which they are applied.
    pub objects: Vec<ObjectSummary>,
    /// All of them as one YAML stream.
    pub text: String,
}

/// What was rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) objects: Vec<ObjectSummary>,
    pub(crate) files: Vec<ManifestFile>,
}

/// What rendering came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    /// `sha256:<hex>` of the objects, or of the findings.
    pub(crate) digest: String,
    pub(crate) overlay: bool,
    pub(crate) content: Result<Content, Vec<Finding>>,
}

impl Draft {
    pub(crate) fn rendered(subject: Subject<'_>, overlay: bool, rendered: &Rendered) -> Self {
        let objects: Vec<ObjectSummary> = rendered.objects.iter().map(summary).collect();
        let mut files = object_files(&rendered.objects);
        files.push(description(subject, &rendered.digest, &objects));
        Self {
            digest: rendered.digest.clone(),
            overlay,
            content: Ok(Content { objects, files }),
        }
    }

    pub(crate) fn refused(overlay: bool, error: &RenderError) -> Self {
        let mut findings = error.findings();
        if findings.is_empty() {
            let rule = match error {
                RenderError::NothingToDeploy { .. } => "nothing-to-deploy",
                RenderError::TooLarge { .. } => "too-large",
                _ => "invalid-fact",
            };
            findings.push(Finding {
                file: "module.yaml".to_owned(),
                line: None,
                rule: rule.to_owned(),
                message: sluice_schema::bounded_message(error.to_string()),
            });
        }
        let text = findings
            .iter()
            .map(|found| format!("{found:?}\n"))
            .collect::<String>();
        Self {
            digest: ContentDigest::of(text).to_string(),
            overlay,
            content: Err(findings),
        }
    }
}

/// One file per object; their names sort in the order in which objects are applied.
fn object_files(objects: &[Object]) -> Vec<ManifestFile> {
    let width = objects.len().to_string().len().max(2);
    let file = |(at, object): (usize, &Object)| ManifestFile {
        name: format!(
            "{at:0width$}-{}-{}.yaml",
            slug(object.kind()),
            slug(object.name())
        ),
        text: object.to_yaml(),
    };
    objects.iter().enumerate().map(file).collect()
}

/// The text as part of a file's name, at most 80 characters of it.
fn slug(text: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || c == '.' {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    text.chars().take(80).map(safe).collect()
}

fn summary(object: &Object) -> ObjectSummary {
    let mut images = Vec::new();
    collect_images(object.value(), &mut images);
    ObjectSummary {
        api_version: object.api_version().to_owned(),
        kind: object.kind().to_owned(),
        namespace: object.namespace().map(str::to_owned),
        name: object.name().to_owned(),
        images,
        settings: settings(object.kind(), object.name(), object.value()),
    }
}

/// Images of containers, at whatever depth a kind has its pods.
fn collect_images(value: &Value, images: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_images(item, images)),
        Value::Object(map) => {
            for (key, below) in map {
                if matches!(key.as_str(), "containers" | "initContainers") {
                    let items = below.as_array().into_iter().flatten();
                    let found = items.filter_map(|item| item.get("image")?.as_str());
                    for image in found {
                        if !images.iter().any(|known| known == image) {
                            images.push(image.to_owned());
                        }
                    }
                }
                collect_images(below, images);
            }
        }
        _ => {}
    }
}

fn description(subject: Subject<'_>, digest: &str, objects: &[ObjectSummary]) -> ManifestFile {
    let mut images: Vec<&String> = objects.iter().flat_map(|object| &object.images).collect();
    images.sort();
    images.dedup();
    let value = json!({
        "release": subject.release.id.to_string(),
        "name": subject.release.name,
        "version": subject.release.version,
        "environment": subject.environment.name,
        "module": subject.item.module.id,
        "commit": subject.item.commit_sha,
        "digest": digest,
        "images": images,
    });
    ManifestFile {
        name: DESCRIPTION.to_owned(),
        text: format!("{value:#}\n"),
    }
}

/// The objects of the files as one YAML stream.
pub(crate) fn stream(files: &[ManifestFile]) -> String {
    let objects = files.iter().filter(|file| file.name != DESCRIPTION);
    let texts: Vec<&str> = objects.map(|file| file.text.as_str()).collect();
    texts.join("---\n")
}

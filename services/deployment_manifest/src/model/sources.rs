//! The tree that is built: the generated base, and what the module's repository says over it.
//!
//! A module may keep `deploy/overlays/<environment>/kustomization.yaml`, which is built upon `deploy/base`. The
//! generated base is there, unless the repository has one of its own. Around both stands the release: whatever
//! manifests call the image, it becomes the release's by digest.

use serde_json::json;
use sluice_manifest_renderer::{Files, ModuleFacts};

use super::Subject;

/// The folder of a module's repository that manifests are taken from.
const FOLDER: &str = "deploy/";
const BASE: &str = "deploy/base";
/// The directory of the release's own kustomization, which no repository can have below `deploy/`.
pub(crate) const ROOT: &str = "release";
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Whether a file of the repository belongs to the tree.
pub(crate) fn is_source(path: &str) -> bool {
    path.starts_with(FOLDER)
}

/// Files of the module's repository below `deploy/`.
pub(crate) struct Sources(pub(crate) Files);

impl Sources {
    fn has(&self, directory: &str) -> bool {
        NAMES
            .iter()
            .any(|name| self.0.contains_key(&format!("{directory}/{name}")))
    }

    fn overlay(&self, environment: &str) -> Option<String> {
        let directory = format!("{FOLDER}overlays/{environment}");
        self.has(&directory).then_some(directory)
    }

    /// Whether the repository has an overlay for the environment.
    pub(crate) fn has_overlay(&self, environment: &str) -> bool {
        self.overlay(environment).is_some()
    }

    /// The tree with the base in it.
    pub(crate) fn tree(mut self, subject: Subject<'_>, facts: &ModuleFacts, base: Files) -> Files {
        let overlay = self.overlay(&subject.environment.name);
        if !self.has(BASE) {
            for (name, text) in base {
                self.0.insert(format!("{BASE}/{name}"), text);
            }
        }
        let target = overlay.unwrap_or_else(|| BASE.to_owned());
        let kustomization = release_kustomization(subject, facts, &target);
        self.0
            .insert(format!("{ROOT}/kustomization.yaml"), kustomization);
        self.0
    }
}

/// JSON is YAML.
fn release_kustomization(subject: Subject<'_>, facts: &ModuleFacts, target: &str) -> String {
    let mut value = json!({"resources": [format!("../{target}")]});
    if let (Some(image), Some(described)) = (&facts.image, &subject.item.module.image) {
        let mut names = vec![described.name.as_str(), facts.name.as_str()];
        names.dedup();
        let rule = |name: &str| json!({"name": pattern(name), "newName": image.repository, "digest": image.digest});
        value["images"] = names.into_iter().map(rule).collect();
    }
    if let Some(namespace) = &subject.environment.namespace {
        value["namespace"] = json!(namespace);
    }
    format!("{value:#}\n")
}

/// Names of images are taken as patterns, in which a dot is any character.
fn pattern(name: &str) -> String {
    name.replace('.', "\\.")
}

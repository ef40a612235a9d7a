//! One object: what identifies it, and its declared text.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What identifies an object in a target. The version of the API is no part of it: an object
/// that moves from `v1beta1` to `v1` stays the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectKey {
    /// API group, for example `apps`; empty for the core group.
    #[serde(default)]
    pub group: String,
    /// Kind, for example `Deployment`.
    pub kind: String,
    /// Namespace, when the manifest names one.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

/// The longest file name, without its extension; file systems take 255 bytes.
const MAX_STEM: usize = 200;

impl ObjectKey {
    /// `<kind>.<namespace>.<name>` in lower-case kind, `_` for no namespace. A kind of a group that
    /// is not Kubernetes' own carries the group: `service@serving.knative.dev.shop.web`.
    pub fn stem(&self) -> String {
        let kind = self.kind.to_ascii_lowercase();
        let own = !self.group.contains('.') || self.group.ends_with(".k8s.io");
        let at = if own {
            String::new()
        } else {
            format!("@{}", self.group)
        };
        let namespace = self.namespace.as_deref().unwrap_or("_");
        let stem = format!("{kind}{at}.{namespace}.{}", self.name);
        if stem.len() <= MAX_STEM {
            return stem;
        }
        // All parts are ASCII, so the cut is at a character.
        let digest = hex::encode(&Sha256::digest(stem.as_bytes())[..8]);
        format!("{}-{digest}", &stem[..MAX_STEM])
    }

    /// The file that a directory target keeps the object in.
    pub fn file(&self) -> String {
        format!("{}.yaml", self.stem())
    }

    /// Whether the object holds secrets in clear, which are never shown.
    pub fn is_secret(&self) -> bool {
        self.kind == "Secret"
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// An object as it is declared; [`crate::declare`] makes it from manifests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredObject {
    key: ObjectKey,
    api_version: String,
    text: String,
    sha256: String,
    source: String,
}

impl DeclaredObject {
    pub(crate) fn new(key: ObjectKey, api_version: String, text: String, source: &str) -> Self {
        Self {
            sha256: sha256(text.as_bytes()),
            key,
            api_version,
            text,
            source: source.to_owned(),
        }
    }

    /// What identifies it.
    pub fn key(&self) -> &ObjectKey {
        &self.key
    }

    /// API version, for example `apps/v1`.
    pub fn api_version(&self) -> &str {
        &self.api_version
    }

    /// The manifest: one YAML document that ends in a line break.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the text: 64 lower-case hex digits.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The file that it was declared in.
    pub fn source(&self) -> &str {
        &self.source
    }
}

/// 64 lower-case hex digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(group: &str, namespace: Option<&str>, name: &str) -> ObjectKey {
        ObjectKey {
            group: group.into(),
            kind: "Service".into(),
            namespace: namespace.map(Into::into),
            name: name.into(),
        }
    }

    #[test]
    fn kinds_of_the_same_name_in_other_groups_have_other_files() {
        let core = key("", Some("shop"), "web").file();
        assert_eq!(core, "service.shop.web.yaml");
        let knative = key("serving.knative.dev", Some("shop"), "web").file();
        assert_eq!(knative, "service@serving.knative.dev.shop.web.yaml");
        let ingress = key("networking.k8s.io", None, "web").file();
        assert_eq!(ingress, "service._.web.yaml");
    }

    #[test]
    fn a_very_long_name_fits_a_file_system_and_stays_its_own() {
        let long = "n".repeat(250);
        let a = key("", Some("shop"), &format!("{long}a")).file();
        let b = key("", Some("shop"), &format!("{long}b")).file();
        assert!(a.len() <= 255 && b.len() <= 255);
        assert_ne!(a, b);
    }
}

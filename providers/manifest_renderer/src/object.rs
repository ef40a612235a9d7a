//! A rendered Kubernetes object.

use serde::Serialize;
use serde_json::Value;

use crate::yaml;

/// One Kubernetes object, as it is to be applied.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Object(Value);

impl Object {
    /// Takes a value that is known to be a mapping.
    pub(crate) fn new(value: Value) -> Self {
        Self(value)
    }

    /// The whole object.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// `apiVersion`, for example `apps/v1`.
    #[must_use]
    pub fn api_version(&self) -> &str {
        text(&self.0, "apiVersion")
    }

    /// `kind`, for example `Deployment`.
    #[must_use]
    pub fn kind(&self) -> &str {
        text(&self.0, "kind")
    }

    /// `metadata.name`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.get("metadata").map_or("", |meta| text(meta, "name"))
    }

    /// `metadata.namespace`, when the object names one.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.0.get("metadata")?.get("namespace")?.as_str()
    }

    /// `kind namespace/name`, for messages.
    #[must_use]
    pub fn label(&self) -> String {
        match self.namespace() {
            Some(namespace) => format!("{} {namespace}/{}", self.kind(), self.name()),
            None => format!("{} {}", self.kind(), self.name()),
        }
    }

    /// Its YAML: keys sorted, ending with a line feed.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        yaml::write(&self.0)
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// All objects as one YAML stream, with `---` between them.
#[must_use]
pub fn to_yaml(objects: &[Object]) -> String {
    let documents: Vec<String> = objects.iter().map(Object::to_yaml).collect();
    documents.join("---\n")
}

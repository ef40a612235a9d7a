//! An object while it is being customised: its value, and the names it has had.

use serde_json::{Map, Value};

use super::file::Behavior;
use super::scope;
use crate::error::{RenderError, Result};

/// Group, version and kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gvk {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
}

/// What an object is called. The namespace is `default` when the object names none, and empty for
/// kinds that have none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Id {
    pub(super) gvk: Gvk,
    pub(super) name: String,
    pub(super) namespace: String,
}

/// An object and what is remembered about it.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    pub(super) value: Map<String, Value>,
    /// Earlier ids, the oldest first.
    pub(super) previous: Vec<Id>,
    pub(super) prefixes: Vec<String>,
    pub(super) suffixes: Vec<String>,
    /// Whether its name gets the hash of its content.
    pub(super) hashed: bool,
    pub(super) behavior: Behavior,
    /// The file that it comes from.
    pub(super) file: String,
}

impl Resource {
    /// Takes a document of `file`.
    pub(super) fn new(file: &str, value: Value) -> Result<Self> {
        let Value::Object(value) = value else {
            let rule = "a document must be a Kubernetes object";
            return Err(RenderError::field(file, "the file", rule));
        };
        for field in ["apiVersion", "kind"] {
            let given = value.get(field).and_then(Value::as_str);
            if given.is_none_or(str::is_empty) {
                return Err(RenderError::field(file, field, "is required, as text"));
            }
        }
        let resource = Self {
            value,
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            hashed: false,
            behavior: Behavior::Create,
            file: file.to_owned(),
        };
        if resource.name().is_empty() {
            return Err(RenderError::field(
                file,
                "metadata.name",
                "is required, as text",
            ));
        }
        Ok(resource)
    }

    fn meta(&self, field: &str) -> &str {
        let value = self.value.get("metadata").and_then(|meta| meta.get(field));
        value.and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn name(&self) -> &str {
        self.meta("name")
    }

    /// The namespace as it stands in the object; empty when there is none.
    pub(super) fn namespace(&self) -> &str {
        self.meta("namespace")
    }

    pub(super) fn kind(&self) -> &str {
        self.value
            .get("kind")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub(super) fn gvk(&self) -> Gvk {
        let version = self.value.get("apiVersion").and_then(Value::as_str);
        Gvk::new(version.unwrap_or_default(), self.kind())
    }

    pub(super) fn id(&self) -> Id {
        let gvk = self.gvk();
        let namespace = if scope::is_cluster_wide(&gvk) {
            ""
        } else if self.namespace().is_empty() {
            "default"
        } else {
            self.namespace()
        };
        Id {
            name: self.name().to_owned(),
            namespace: namespace.to_owned(),
            gvk,
        }
    }

    /// The id it came with.
    pub(super) fn first_id(&self) -> Id {
        self.previous.first().cloned().unwrap_or_else(|| self.id())
    }

    /// Whether one of its ids, of now or earlier, passes.
    pub(super) fn any_id(&self, passes: impl Fn(&Id) -> bool) -> bool {
        self.previous.iter().any(&passes) || passes(&self.id())
    }

    /// Notes the id of now before it changes.
    pub(super) fn remember(&mut self) {
        let id = self.id();
        self.previous.push(id);
    }

    pub(super) fn set_meta(&mut self, field: &str, text: &str) {
        let meta = self
            .value
            .entry("metadata")
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(meta) = meta {
            meta.insert(field.to_owned(), Value::String(text.to_owned()));
        }
    }

    pub(super) fn clear_meta(&mut self, field: &str) {
        if let Some(Value::Object(meta)) = self.value.get_mut("metadata") {
            meta.remove(field);
        }
    }

    /// A map of text below `metadata`, such as its labels.
    pub(super) fn meta_map(&self, field: &str) -> Option<&Map<String, Value>> {
        self.value.get("metadata")?.get(field)?.as_object()
    }

    /// For messages.
    pub(super) fn label(&self) -> String {
        let namespace = self.namespace();
        if namespace.is_empty() {
            format!("{} {}", self.kind(), self.name())
        } else {
            format!("{} {namespace}/{}", self.kind(), self.name())
        }
    }
}

impl Gvk {
    pub(super) fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
        }
    }

    /// Whether it is of the kind, group and version, each of which may be empty for any.
    pub(super) fn is(&self, group: &str, version: &str, kind: &str) -> bool {
        let fits = |wanted: &str, own: &str| wanted.is_empty() || wanted == own;
        fits(group, &self.group) && fits(version, &self.version) && fits(kind, &self.kind)
    }
}

/// All objects in a file, those in lists among them.
pub(super) fn from_documents(file: &str, documents: Vec<Value>) -> Result<Vec<Resource>> {
    let mut found = Vec::new();
    for document in documents {
        let is_list = document
            .get("kind")
            .and_then(Value::as_str)
            .is_some_and(|kind| kind.ends_with("List"));
        match document.get("items") {
            Some(Value::Array(items)) if is_list => {
                for item in items {
                    found.push(Resource::new(file, item.clone())?);
                }
            }
            Some(Value::Null) if is_list => {}
            _ => found.push(Resource::new(file, document)?),
        }
    }
    Ok(found)
}

/// Adds an object, which must not be there yet.
pub(super) fn append(all: &mut Vec<Resource>, resource: Resource) -> Result<()> {
    let id = resource.id();
    if all.iter().any(|known| known.id() == id) {
        return Err(RenderError::Duplicate {
            object: resource.label(),
            file: resource.file,
        });
    }
    all.push(resource);
    Ok(())
}

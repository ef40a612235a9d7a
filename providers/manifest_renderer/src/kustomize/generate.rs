//! `configMapGenerator`: ConfigMaps from literals, files and env files.

use serde_json::{Map, Value};

use super::file::{Behavior, ConfigMapSpec};
use super::resource::Resource;
use super::tree::{Place, Tree};
use crate::error::{RenderError, Result, cut};

/// Where the generator stands.
pub(super) struct Generator<'g> {
    pub(super) tree: &'g Tree<'g>,
    pub(super) file: &'g str,
    pub(super) directory: &'g str,
}

impl Generator<'_> {
    /// The ConfigMap that `spec` describes.
    pub(super) fn config_map(&self, spec: &ConfigMapSpec) -> Result<Resource> {
        let mut data = Map::new();
        for (at, path) in spec.envs.iter().enumerate() {
            self.env_file(&mut data, &format!("{}.envs[{at}]", spec.at), path)?;
        }
        for (at, literal) in spec.literals.iter().enumerate() {
            let field = format!("{}.literals[{at}]", spec.at);
            let Some((key, value)) = literal.split_once('=').filter(|(key, _)| !key.is_empty())
            else {
                return Err(RenderError::field(self.file, field, "must be `key=value`"));
            };
            self.insert(&mut data, &field, key, unquoted(value))?;
        }
        for (at, source) in spec.files.iter().enumerate() {
            self.file(&mut data, &format!("{}.files[{at}]", spec.at), source)?;
        }
        let mut resource = Resource::new(self.file, skeleton(spec, data))?;
        resource.hashed = !spec.options.no_hash;
        resource.behavior = spec.behavior;
        Ok(resource)
    }

    fn insert(
        &self,
        data: &mut Map<String, Value>,
        field: &str,
        key: &str,
        value: &str,
    ) -> Result<()> {
        let known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if key.is_empty() || key.len() > 253 || !key.chars().all(known) || key.starts_with("..") {
            let rule = format!(
                "the key `{}` must be 1 to 253 letters, digits, `-`, `_` and `.`",
                cut(key)
            );
            return Err(RenderError::field(self.file, field, rule));
        }
        if data
            .insert(key.to_owned(), Value::String(value.to_owned()))
            .is_some()
        {
            let rule = format!("gives the key `{key}` a second time");
            return Err(RenderError::field(self.file, field, rule));
        }
        Ok(())
    }

    fn place<'p>(&'p self, field: &'p str) -> Place<'p> {
        Place {
            file: self.file,
            directory: self.directory,
            field,
        }
    }

    /// `path` or `key=path`.
    fn file(&self, data: &mut Map<String, Value>, field: &str, source: &str) -> Result<()> {
        let (key, path) = match source.split_once('=') {
            None => (source.rsplit('/').next().unwrap_or(source), source),
            Some((key, path)) if !key.is_empty() && !path.is_empty() && !path.contains('=') => {
                (key, path)
            }
            Some(_) => {
                return Err(RenderError::field(
                    self.file,
                    field,
                    "must be `path` or `key=path`",
                ));
            }
        };
        let (_, text) = self.tree.text(&self.place(field), path)?;
        self.insert(data, field, key, text)
    }

    /// Lines of `NAME=value`; empty ones and comments do not count.
    fn env_file(&self, data: &mut Map<String, Value>, field: &str, path: &str) -> Result<()> {
        let (_, text) = self.tree.text(&self.place(field), path)?;
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((key, value)) = line.split_once('=') else {
                let rule = "every line of the file must be `NAME=value`";
                return Err(RenderError::field(self.file, field, rule));
            };
            self.insert(data, field, key, value)?;
        }
        Ok(())
    }
}

/// Without one pair of quotes around it.
fn unquoted(text: &str) -> &str {
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

fn skeleton(spec: &ConfigMapSpec, data: Map<String, Value>) -> Value {
    let text = |text: &str| Value::String(text.to_owned());
    let texts = |map: &std::collections::BTreeMap<String, String>| {
        let entries = map.iter().map(|(key, value)| (key.clone(), text(value)));
        Value::Object(entries.collect())
    };
    let mut meta = Map::new();
    meta.insert("name".to_owned(), text(&spec.name));
    if !spec.namespace.is_empty() {
        meta.insert("namespace".to_owned(), text(&spec.namespace));
    }
    if !spec.options.labels.is_empty() {
        meta.insert("labels".to_owned(), texts(&spec.options.labels));
    }
    if !spec.options.annotations.is_empty() {
        meta.insert("annotations".to_owned(), texts(&spec.options.annotations));
    }
    let mut value = Map::new();
    value.insert("apiVersion".to_owned(), text("v1"));
    value.insert("kind".to_owned(), text("ConfigMap"));
    value.insert("metadata".to_owned(), Value::Object(meta));
    if !data.is_empty() {
        value.insert("data".to_owned(), Value::Object(data));
    }
    if spec.options.immutable {
        value.insert("immutable".to_owned(), Value::Bool(true));
    }
    Value::Object(value)
}

/// Puts a generated object among the others, as its behavior says.
pub(super) fn absorb(all: &mut Vec<Resource>, mut made: Resource, field: &str) -> Result<()> {
    let id = made.id();
    let mut matching = (0..all.len()).filter(|at| all[*at].any_id(|known| *known == id));
    let first = matching.next();
    let refused = |rule: &str| Err(RenderError::field(&made.file, field, rule));
    if matching.next().is_some() {
        return refused("several objects have this name; it is not clear which one is meant");
    }
    match (first, made.behavior) {
        (None, Behavior::Create) => {
            all.push(made);
            Ok(())
        }
        (None, _) => refused("there is no ConfigMap of this name that could be merged or replaced"),
        (Some(_), Behavior::Create) => {
            refused("there is a ConfigMap of this name already; say `behavior: merge` or `replace`")
        }
        (Some(at), behavior) => {
            take_over(&mut made, &all[at], behavior);
            all[at] = made;
            Ok(())
        }
    }
}

/// The new object takes the place of the old one: names and history stay, labels and annotations add up, and
/// so does data when it is merged.
fn take_over(made: &mut Resource, old: &Resource, behavior: Behavior) {
    for field in ["labels", "annotations"] {
        if let Some(map) = old.meta_map(field) {
            let under = map.clone();
            let meta = made
                .value
                .entry("metadata")
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(meta) = meta {
                underlay(meta, field, under);
            }
        }
    }
    if behavior == Behavior::Merge {
        for field in ["data", "binaryData"] {
            if let Some(Value::Object(map)) = old.value.get(field) {
                underlay(&mut made.value, field, map.clone());
            }
        }
    }
    made.set_meta("name", old.name());
    if old.namespace().is_empty() {
        made.clear_meta("namespace");
    } else {
        made.set_meta("namespace", old.namespace());
    }
    // Who is there without a hash is known by that name.
    made.hashed &= old.hashed;
    made.previous = old.previous.clone();
    made.prefixes = old.prefixes.clone();
    made.suffixes = old.suffixes.clone();
}

/// Adds what `map[field]` does not have yet.
fn underlay(map: &mut Map<String, Value>, field: &str, under: Map<String, Value>) {
    let slot = map
        .entry(field)
        .or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(over) = slot {
        for (key, value) in under {
            over.entry(key).or_insert(value);
        }
    }
}

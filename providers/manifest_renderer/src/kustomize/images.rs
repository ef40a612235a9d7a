//! Images and replicas.

use regex::Regex;
use serde_json::Value;

use super::file::{ImageRule, ReplicaRule};
use super::resource::Resource;
use super::walk::{self, FieldSpec};
use crate::error::{RenderError, Result};

const IMAGE_VOLUMES: [FieldSpec; 2] = [
    FieldSpec::any("spec/volumes[]/image/reference", false),
    FieldSpec::any("spec/template/spec/volumes[]/image/reference", false),
];

/// Changes the images that a rule names, in every container and image volume.
pub(super) fn set(all: &mut [Resource], rule: &ImageRule) -> Result<()> {
    // The name is taken as a regular expression, as it always was; one that is none names no image.
    let tail = r"(:[a-zA-Z0-9_.{}-]*)?(@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{}-]*)?$";
    let built = regex::RegexBuilder::new(&format!("^{}{tail}", rule.name))
        .size_limit(256 * 1024)
        .build();
    let Ok(pattern) = built else {
        return Ok(());
    };
    let kept = |resource: &&mut Resource| resource.kind() != "CustomResourceDefinition";
    for resource in all.iter_mut().filter(kept) {
        for value in resource.value.values_mut() {
            containers(value, &pattern, rule);
        }
        for spec in &IMAGE_VOLUMES {
            walk::each(resource, spec, &mut |value| {
                change(value, &pattern, rule);
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// Goes into everything: containers stand at many depths.
fn containers(value: &mut Value, pattern: &Regex, rule: &ImageRule) {
    match value {
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| containers(item, pattern, rule)),
        Value::Object(map) => {
            for (key, below) in map.iter_mut() {
                containers(below, pattern, rule);
                if !matches!(key.as_str(), "containers" | "initContainers") {
                    continue;
                }
                if let Value::Array(items) = below {
                    let images = items.iter_mut().filter_map(|item| item.get_mut("image"));
                    images.for_each(|image| change(image, pattern, rule));
                }
            }
        }
        _ => {}
    }
}

fn change(value: &mut Value, pattern: &Regex, rule: &ImageRule) {
    let Some(image) = value.as_str().filter(|image| pattern.is_match(image)) else {
        return;
    };
    let (name, mut tag, mut digest) = split(image);
    match (&rule.new_tag, &rule.digest) {
        (Some(new_tag), new_digest) => {
            tag.clone_from(new_tag);
            digest = new_digest.clone().unwrap_or_default();
        }
        (None, Some(new_digest)) => {
            tag = String::new();
            digest.clone_from(new_digest);
        }
        (None, None) => {}
    }
    let mut changed = rule.new_name.clone().unwrap_or(name);
    for (separator, part) in [(':', tag), ('@', digest)] {
        if !part.is_empty() {
            changed.push(separator);
            changed.push_str(&part);
        }
    }
    *value = Value::String(changed);
}

/// Name, tag and digest; the last two may be empty. A colon before the first slash belongs to a port.
fn split(image: &str) -> (String, String, String) {
    let (before, digest) = image.split_once('@').unwrap_or((image, ""));
    let from = before.find('/').unwrap_or(0);
    let (name, tag) = match before[from..].find(':') {
        Some(at) => (&before[..from + at], &before[from + at + 1..]),
        None => (before, ""),
    };
    (name.to_owned(), tag.to_owned(), digest.to_owned())
}

const REPLICAS: [FieldSpec; 4] = [
    FieldSpec::of("", "", "Deployment", "spec/replicas", true),
    FieldSpec::of("", "", "ReplicationController", "spec/replicas", true),
    FieldSpec::of("", "", "ReplicaSet", "spec/replicas", true),
    FieldSpec::of("", "", "StatefulSet", "spec/replicas", true),
];

/// Sets the number of replicas of what a rule names, by any name it has had.
pub(super) fn set_replicas(all: &mut [Resource], rule: &ReplicaRule, file: &str) -> Result<()> {
    let mut found = false;
    for spec in &REPLICAS {
        let meant = |resource: &&mut Resource| {
            resource.any_id(|id| id.name == rule.name && spec.is_for(&id.gvk))
        };
        for resource in all.iter_mut().filter(meant) {
            found = true;
            walk::each(resource, spec, &mut |value| {
                *value = Value::from(rule.count);
                Ok(())
            })?;
        }
    }
    if found {
        return Ok(());
    }
    let field = format!("{}.name", rule.at);
    let rule = format!("no object with replicas is called `{}`", rule.name);
    Err(RenderError::field(file, field, rule))
}

//! Patches: which objects they are for, and what they do.

use serde_json::Value;

use super::file::{PatchSource, PatchSpec};
use super::json_patch::{self, Operation};
use super::merge::Merger;
use super::resource::{self, Resource};
use super::tree::{self, Place, Tree};
use crate::error::{RenderError, Result};

/// Where patches stand.
pub(super) struct Patcher<'p> {
    pub(super) tree: &'p Tree<'p>,
    pub(super) file: &'p str,
    pub(super) directory: &'p str,
}

impl Patcher<'_> {
    /// Applies one patch to the objects that it is for.
    pub(super) fn apply(&self, all: &mut Vec<Resource>, spec: &PatchSpec) -> Result<()> {
        let (source, text) = self.text(spec)?;
        let documents = tree::parse(&source, &text)?;
        if matches!(documents.as_slice(), [Value::Array(_)])
            && let Some(Value::Array(items)) = tree::parse_old(&source, &text)?.pop()
        {
            return self.json(all, spec, &json_patch::read(&source, items)?);
        }
        if let Some(target) = &spec.target {
            let [Value::Object(patch)] = documents.as_slice() else {
                let rule = "a patch with a target must be one document";
                return Err(RenderError::field(self.file, &spec.at, rule));
            };
            let chosen: Vec<bool> = all.iter().map(|resource| target.fits(resource)).collect();
            return self.merge(all, &chosen, patch, spec);
        }
        for patch in resource::from_documents(&source, documents)? {
            let id = patch.first_id();
            let chosen: Vec<bool> = all
                .iter()
                .map(|known| known.any_id(|known| *known == id))
                .collect();
            match chosen.iter().filter(|chosen| **chosen).count() {
                1 => self.merge(all, &chosen, &patch.value, spec)?,
                0 => {
                    let rule = format!("no object is called {}", patch.label());
                    return Err(RenderError::field(self.file, &spec.at, rule));
                }
                _ => {
                    let rule = format!("several objects are called {}", patch.label());
                    return Err(RenderError::field(self.file, &spec.at, rule));
                }
            }
        }
        Ok(())
    }

    /// The file that a patch stands in, and its text.
    fn text(&self, spec: &PatchSpec) -> Result<(String, String)> {
        let inline = |text: &str| {
            (
                format!("{}: {}", self.file, spec.at),
                text.trim().to_owned(),
            )
        };
        let from = Place {
            file: self.file,
            directory: self.directory,
            field: &spec.at,
        };
        let read = |path: &str| {
            let (path, text) = self.tree.text(&from, path)?;
            Ok((path, text.to_owned()))
        };
        match &spec.source {
            PatchSource::Inline(text) => Ok(inline(text)),
            PatchSource::Path(path) => read(path),
            PatchSource::Either(text) if text.contains('\n') => Ok(inline(text)),
            PatchSource::Either(path) => read(path),
        }
    }

    fn merge(
        &self,
        all: &mut Vec<Resource>,
        chosen: &[bool],
        patch: &serde_json::Map<String, Value>,
        spec: &PatchSpec,
    ) -> Result<()> {
        let mut kept = Vec::with_capacity(all.len());
        for (mut resource, chosen) in std::mem::take(all).into_iter().zip(chosen) {
            if !chosen {
                kept.push(resource);
                continue;
            }
            let before = resource.clone();
            if spec.rename || spec.change_kind {
                resource.remember();
            }
            let gvk = before.gvk();
            let merged = Merger { gvk: &gvk }.object(resource.value, patch);
            let merged = merged.map_err(|(field, rule)| {
                let field = format!("{}: {}: {field}", spec.at, before.label());
                RenderError::field(self.file, field, rule)
            })?;
            if let Some(value) = merged {
                resource.value = value;
                keep_identity(&mut resource, &before, spec);
                kept.push(resource);
            }
        }
        for resource in kept {
            resource::append(all, resource)?;
        }
        Ok(())
    }

    fn json(&self, all: &mut [Resource], spec: &PatchSpec, operations: &[Operation]) -> Result<()> {
        let Some(target) = &spec.target else {
            let rule = "is required for a JSON patch";
            return Err(RenderError::field(
                self.file,
                format!("{}.target", spec.at),
                rule,
            ));
        };
        for resource in all.iter_mut().filter(|resource| target.fits(resource)) {
            let label = resource.label();
            resource.remember();
            let mut value = Value::Object(std::mem::take(&mut resource.value));
            json_patch::apply(&mut value, operations).map_err(|(path, rule)| {
                RenderError::field(self.file, format!("{}: {label}: {path}", spec.at), rule)
            })?;
            let patched = Resource::new(&resource.file, value)?;
            resource.value = patched.value;
        }
        Ok(())
    }
}

/// A patch names its object and does not rename it, unless its options say so.
fn keep_identity(resource: &mut Resource, before: &Resource, spec: &PatchSpec) {
    if !spec.rename {
        resource.set_meta("name", before.name());
    }
    if !spec.change_kind {
        let kind = before.kind().to_owned();
        resource
            .value
            .insert("kind".to_owned(), Value::String(kind));
    }
    // A target's patch may leave the version out or carry another; the object keeps its own.
    if let Some(version) = before.value.get("apiVersion") {
        resource
            .value
            .insert("apiVersion".to_owned(), version.clone());
    }
    if before.namespace().is_empty() {
        resource.clear_meta("namespace");
    } else {
        resource.set_meta("namespace", before.namespace());
    }
}

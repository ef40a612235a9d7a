//! Finds the values that a path leads to. Lists on the way are gone through, whatever the path says.

use serde_json::{Map, Value};

use super::resource::{Gvk, Resource};
use crate::error::{RenderError, Result};

/// A field of certain kinds. Empty group, version or kind stand for any.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldSpec {
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) kind: &'static str,
    /// Names with `/` between them; `\/` is a slash in a name.
    pub(super) path: &'static str,
    /// Whether mappings on the way are made when they are absent.
    pub(super) create: bool,
}

impl FieldSpec {
    pub(super) const fn any(path: &'static str, create: bool) -> Self {
        Self::of("", "", "", path, create)
    }

    pub(super) const fn of(
        group: &'static str,
        version: &'static str,
        kind: &'static str,
        path: &'static str,
        create: bool,
    ) -> Self {
        Self {
            group,
            version,
            kind,
            path,
            create,
        }
    }

    pub(super) fn is_for(&self, gvk: &Gvk) -> bool {
        gvk.is(self.group, self.version, self.kind)
    }
}

/// What is done with each value that is found.
pub(super) type Visit<'v> = &'v mut dyn FnMut(&mut Value) -> Result<()>;

/// Calls `visit` with every value at the path of `spec`, if `spec` is for the resource's kind. A value that
/// was made on the way is null.
pub(super) fn each(resource: &mut Resource, spec: &FieldSpec, visit: Visit<'_>) -> Result<()> {
    if !spec.is_for(&resource.gvk()) {
        return Ok(());
    }
    let names = split(spec.path);
    let mut root = Value::Object(std::mem::take(&mut resource.value));
    let walked = below(&mut root, &names, spec.create, visit);
    if let Value::Object(value) = root {
        resource.value = value;
    }
    walked.map_err(|stop| stop.at(resource, spec.path))
}

/// Why a walk ended early.
enum Stop {
    NotAMapping,
    Told(RenderError),
}

impl Stop {
    fn at(self, resource: &Resource, path: &str) -> RenderError {
        match self {
            Self::NotAMapping => {
                let field = format!("{}: {path}", resource.label());
                RenderError::field(
                    &resource.file,
                    field,
                    "leads through a value that is no mapping",
                )
            }
            Self::Told(error) => error,
        }
    }
}

fn split(path: &str) -> Vec<String> {
    let marked = path.replace("\\/", "\u{0}");
    marked
        .split('/')
        .map(|name| name.replace('\u{0}', "/"))
        .collect()
}

fn below(value: &mut Value, names: &[String], create: bool, visit: Visit<'_>) -> Result<(), Stop> {
    let Some((name, rest)) = names.split_first() else {
        return visit(value).map_err(Stop::Told);
    };
    match value {
        Value::Null => Ok(()),
        Value::Array(items) => items
            .iter_mut()
            .try_for_each(|item| below(item, names, create, visit)),
        Value::Object(map) => {
            // A list is never made: nobody could say how many items it should have.
            let (name, make) = match name.strip_suffix("[]") {
                Some(list) => (list, false),
                None => (name.as_str(), create),
            };
            if make {
                let blank = if rest.is_empty() {
                    Value::Null
                } else {
                    Value::Object(Map::new())
                };
                let slot = map.entry(name).or_insert(Value::Null);
                if slot.is_null() {
                    *slot = blank;
                }
            }
            match map.get_mut(name) {
                Some(next) => below(next, rest, create, visit),
                None => Ok(()),
            }
        }
        _ => Err(Stop::NotAMapping),
    }
}

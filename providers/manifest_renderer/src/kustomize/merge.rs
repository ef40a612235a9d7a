//! Strategic merge: a patch that looks like the object, in which lists of named things are merged by name.

use serde_json::{Map, Value};

use super::merge_keys;
use super::merge_list;
use super::resource::Gvk;

const DIRECTIVE: &str = "$patch";

/// What a patch says about the value that it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Directive {
    Merge,
    Replace,
    Delete,
}

/// Field and rule of a patch that cannot be merged.
pub(super) type Refusal = (String, String);

/// Merges into objects of one kind.
pub(super) struct Merger<'g> {
    pub(super) gvk: &'g Gvk,
}

impl Merger<'_> {
    /// The object with the patch in it; None when the patch deletes it.
    pub(super) fn object(
        &self,
        object: Map<String, Value>,
        patch: &Map<String, Value>,
    ) -> Result<Option<Map<String, Value>>, Refusal> {
        let merged = self.map(object, patch, "")?;
        Ok(match merged {
            Some(Value::Object(map)) => Some(map),
            _ => None,
        })
    }

    /// Merges what a patch gives into what is there; None when nothing is left.
    pub(super) fn value(
        &self,
        there: Option<Value>,
        patch: Option<&Value>,
        path: &str,
    ) -> Result<Option<Value>, Refusal> {
        match (there, patch) {
            (there, None) => Ok(there),
            (_, Some(Value::Null)) => Ok(None),
            (None | Some(Value::Null), Some(patch)) => self.fresh(patch, path),
            (Some(Value::Object(there)), Some(Value::Object(patch))) => {
                self.map(there, patch, path)
            }
            (Some(Value::Array(there)), Some(Value::Array(patch))) => {
                match merge_keys::of(self.gvk, path) {
                    Some(keys) => merge_list::merge(self, there, patch, keys, path),
                    None => Ok(Some(Value::Array(patch.clone()))),
                }
            }
            (Some(Value::Object(_) | Value::Array(_)), Some(_))
            | (Some(_), Some(Value::Object(_) | Value::Array(_))) => {
                let rule = "the patch must give a value of the sort that is there";
                Err((path.to_owned(), rule.to_owned()))
            }
            (Some(_), Some(patch)) => Ok(Some(patch.clone())),
        }
    }

    fn map(
        &self,
        there: Map<String, Value>,
        patch: &Map<String, Value>,
        path: &str,
    ) -> Result<Option<Value>, Refusal> {
        let mut result = match directive(patch, path)? {
            Directive::Delete => return Ok(None),
            Directive::Replace => Map::new(),
            Directive::Merge => there,
        };
        for (key, given) in patch {
            if key == DIRECTIVE {
                continue;
            }
            let below = join(path, key);
            refuse_markers(key, &below)?;
            let merged = self.value(result.remove(key), Some(given), &below)?;
            if let Some(value) = merged {
                result.insert(key.clone(), value);
            }
        }
        Ok(Some(Value::Object(result)))
    }

    /// What a patch leaves where nothing was: without what it wants deleted.
    pub(super) fn fresh(&self, patch: &Value, path: &str) -> Result<Option<Value>, Refusal> {
        match patch {
            Value::Object(map) => self.map(Map::new(), map, path),
            Value::Array(items) => match merge_keys::of(self.gvk, path) {
                Some(keys) => merge_list::merge(self, Vec::new(), items, keys, path),
                None => Ok(Some(patch.clone())),
            },
            other => Ok(Some(other.clone())),
        }
    }
}

/// The directive of a mapping.
pub(super) fn directive(map: &Map<String, Value>, path: &str) -> Result<Directive, Refusal> {
    match map.get(DIRECTIVE).map(Value::as_str) {
        None | Some(Some("merge")) => Ok(Directive::Merge),
        Some(Some("replace")) => Ok(Directive::Replace),
        Some(Some("delete")) => Ok(Directive::Delete),
        Some(_) => {
            let rule = "must be merge, replace or delete";
            Err((join(path, DIRECTIVE), rule.to_owned()))
        }
    }
}

/// Whether an item of a list is nothing but a directive for the list.
pub(super) fn is_directive(item: &Value) -> bool {
    item.as_object()
        .is_some_and(|map| map.len() == 1 && map.contains_key(DIRECTIVE))
}

fn refuse_markers(key: &str, path: &str) -> Result<(), Refusal> {
    let marker = [
        "$deleteFromPrimitiveList/",
        "$setElementOrder/",
        "$retainKeys",
    ]
    .iter()
    .any(|marker| key.starts_with(marker));
    if !marker {
        return Ok(());
    }
    let rule = "is not supported; write a JSON patch instead";
    Err((path.to_owned(), rule.to_owned()))
}

pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}/{key}")
    }
}

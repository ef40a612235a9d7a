//! Merges lists whose items are told apart by keys: the patch's items first, in its order, then the rest.

use serde_json::{Map, Value};

use super::merge::{Directive, Merger, Refusal, directive, is_directive};

/// The merged list; None when the patch deletes it.
pub(super) fn merge(
    merger: &Merger<'_>,
    there: Vec<Value>,
    patch: &[Value],
    keys: &[&str],
    path: &str,
) -> Result<Option<Value>, Refusal> {
    let for_list = patch
        .iter()
        .find(|item| is_directive(item))
        .and_then(Value::as_object);
    let there = match for_list.map(|map| directive(map, path)).transpose()? {
        Some(Directive::Delete) => return Ok(None),
        Some(Directive::Replace) => Vec::new(),
        Some(Directive::Merge) | None => there,
    };
    let given: Vec<&Value> = patch.iter().filter(|item| !is_directive(item)).collect();
    if keys == [""] {
        return Ok(Some(Value::Array(union(there, &given))));
    }
    by_keys(merger, there, &given, keys, path).map(|items| Some(Value::Array(items)))
}

/// Plain items, each once.
fn union(there: Vec<Value>, given: &[&Value]) -> Vec<Value> {
    let mut items: Vec<Value> = Vec::new();
    for item in given.iter().copied().cloned().chain(there) {
        if !items.contains(&item) {
            items.push(item);
        }
    }
    items
}

fn by_keys(
    merger: &Merger<'_>,
    mut there: Vec<Value>,
    given: &[&Value],
    keys: &[&str],
    path: &str,
) -> Result<Vec<Value>, Refusal> {
    let keys = used(&there, given, keys, path)?;
    let mut merged = Vec::new();
    for item in given {
        let Value::Object(patch) = item else {
            let rule = "every item must be a mapping";
            return Err((path.to_owned(), rule.to_owned()));
        };
        if !patch.contains_key(keys[0]) {
            let rule = format!("every item must have `{}`", keys[0]);
            return Err((path.to_owned(), rule));
        }
        if directive(patch, path)? == Directive::Replace {
            let rule = "cannot replace one item of a list; replace the list, or write a JSON patch";
            return Err((format!("{path}/$patch"), rule.to_owned()));
        }
        let at = there.iter().position(|known| same(known, patch, keys));
        let known = at.map(|at| there[at].clone());
        let value = merger.value(known, Some(item), path)?;
        // With one key, the items of the patch come first; with several, what was there keeps its place.
        match (at, keys.len(), value) {
            (Some(at), 1, value) => {
                there.remove(at);
                merged.extend(value);
            }
            (Some(at), _, Some(value)) => there[at] = value,
            (Some(at), _, None) => drop(there.remove(at)),
            (None, _, value) => merged.extend(value),
        }
    }
    merged.extend(there);
    Ok(merged)
}

/// The keys that the items have. Kustomize loses patches where some items have the second key and others do
/// not, so that is refused.
fn used<'k>(
    there: &[Value],
    given: &[&Value],
    keys: &'k [&'k str],
    path: &str,
) -> Result<&'k [&'k str], Refusal> {
    let Some(second) = keys.get(1) else {
        return Ok(keys);
    };
    let items = || there.iter().chain(given.iter().copied());
    let with = items().filter(|item| item.get(second).is_some()).count();
    if with == 0 {
        return Ok(&keys[..1]);
    }
    if with == items().count() {
        return Ok(keys);
    }
    let rule =
        format!("the patch and what it changes must name `{second}` for every item, or for none");
    Err((path.to_owned(), rule))
}

/// Whether both have the same keys.
fn same(known: &Value, patch: &Map<String, Value>, keys: &[&str]) -> bool {
    keys.iter()
        .all(|key| match (known.get(*key), patch.get(*key)) {
            (Some(a), Some(b)) => plain(a) == plain(b),
            _ => false,
        })
}

/// Keys are compared by how they are written: `80` and `"80"` are one port.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

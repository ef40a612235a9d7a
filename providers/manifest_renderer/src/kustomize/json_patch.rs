//! JSON Patch (RFC 6902) on objects.

use serde_json::{Map, Value};

use super::fields::Fields;
use crate::error::Result;

/// One operation.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    Add(Pointer, Value),
    Remove(Pointer),
    Replace(Pointer, Value),
    Move(Pointer, Pointer),
    Copy(Pointer, Pointer),
    Test(Pointer, Value),
}

/// A JSON pointer, taken apart.
#[derive(Debug, Clone)]
pub(super) struct Pointer {
    text: String,
    parts: Vec<String>,
}

/// Reads the operations of a patch; `file` is where they stand.
pub(super) fn read(file: &str, items: Vec<Value>) -> Result<Vec<Operation>> {
    let wrapped: Map<String, Value> = [("patch".to_owned(), Value::Array(items))]
        .into_iter()
        .collect();
    let mut fields = Fields::root(file, Value::Object(wrapped))?;
    fields
        .sections("patch")?
        .into_iter()
        .map(operation)
        .collect()
}

fn operation(mut fields: Fields<'_>) -> Result<Operation> {
    let op = fields.required("op")?;
    let path = pointer(&mut fields, "path")?;
    let operation = match op.as_str() {
        "add" => Operation::Add(path, fields.any("value")?),
        "replace" => Operation::Replace(path, fields.any("value")?),
        "test" => Operation::Test(path, fields.any("value")?),
        "remove" => Operation::Remove(path),
        "move" => Operation::Move(pointer(&mut fields, "from")?, path),
        "copy" => Operation::Copy(pointer(&mut fields, "from")?, path),
        _ => {
            let rule = "must be add, remove, replace, move, copy or test";
            return Err(fields.invalid("op", rule));
        }
    };
    fields.ignore("value");
    fields.finish()?;
    Ok(operation)
}

fn pointer(fields: &mut Fields<'_>, name: &'static str) -> Result<Pointer> {
    let text = fields.required(name)?;
    let Some(inner) = text.strip_prefix('/') else {
        return Err(fields.invalid(name, "must be a JSON pointer, which starts with `/`"));
    };
    let parts = inner
        .split('/')
        .map(|part| part.replace("~1", "/").replace("~0", "~"))
        .collect();
    Ok(Pointer { text, parts })
}

/// Does the operations in order. Errors with the path and what it breaks; `value` is then half done.
pub(super) fn apply(value: &mut Value, operations: &[Operation]) -> Result<(), (String, String)> {
    for operation in operations {
        match operation {
            Operation::Add(path, given) => path.add(value, given.clone())?,
            Operation::Remove(path) => drop(path.remove(value)?),
            Operation::Replace(path, given) => *path.find(value)? = given.clone(),
            Operation::Move(from, path) => {
                let moved = from.remove(value)?;
                path.add(value, moved)?;
            }
            Operation::Copy(from, path) => {
                let copied = from.find(value)?.clone();
                path.add(value, copied)?;
            }
            Operation::Test(path, wanted) => {
                if path.find(value)? != wanted {
                    return Err(path.refused("does not hold what the patch tests for"));
                }
            }
        }
    }
    Ok(())
}

impl Pointer {
    fn refused(&self, rule: &str) -> (String, String) {
        (self.text.clone(), rule.to_owned())
    }

    fn parent<'v>(&self, value: &'v mut Value) -> Result<(&'v mut Value, &str), (String, String)> {
        let (last, before) = self
            .parts
            .split_last()
            .ok_or_else(|| self.refused("leads nowhere"))?;
        let mut at = value;
        for part in before {
            let next = match at {
                Value::Object(map) => map.get_mut(part),
                Value::Array(items) => index(part).and_then(|index| items.get_mut(index)),
                _ => None,
            };
            at = next.ok_or_else(|| self.refused("leads through a value that is not there"))?;
        }
        Ok((at, last))
    }

    fn find<'v>(&self, value: &'v mut Value) -> Result<&'v mut Value, (String, String)> {
        let (parent, last) = self.parent(value)?;
        let found = match parent {
            Value::Object(map) => map.get_mut(last),
            Value::Array(items) => index(last).and_then(|index| items.get_mut(index)),
            _ => None,
        };
        found.ok_or_else(|| self.refused("leads to a value that is not there"))
    }

    fn add(&self, value: &mut Value, given: Value) -> Result<(), (String, String)> {
        let (parent, last) = self.parent(value)?;
        match parent {
            Value::Object(map) => {
                map.insert(last.to_owned(), given);
                Ok(())
            }
            Value::Array(items) => {
                let at = if last == "-" {
                    Some(items.len())
                } else {
                    index(last)
                };
                match at.filter(|at| *at <= items.len()) {
                    Some(at) => {
                        items.insert(at, given);
                        Ok(())
                    }
                    None => Err(self.refused("leads beyond the end of the list")),
                }
            }
            _ => Err(self.refused("leads into a value that is no mapping and no list")),
        }
    }

    fn remove(&self, value: &mut Value) -> Result<Value, (String, String)> {
        let (parent, last) = self.parent(value)?;
        let removed = match parent {
            Value::Object(map) => map.remove(last),
            Value::Array(items) => index(last)
                .filter(|at| *at < items.len())
                .map(|at| items.remove(at)),
            _ => None,
        };
        removed.ok_or_else(|| self.refused("leads to a value that is not there"))
    }
}

fn index(part: &str) -> Option<usize> {
    let canonical = part == "0" || !part.starts_with(['0', '+']);
    part.parse().ok().filter(|_| canonical)
}

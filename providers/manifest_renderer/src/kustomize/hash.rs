//! The hash of a ConfigMap's content that its name ends with, so that new content is a new object.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::resource::Resource;

/// Gives generated objects their final names.
pub(super) fn add(all: &mut [Resource]) {
    for resource in all.iter_mut().filter(|resource| resource.hashed) {
        let name = format!("{}-{}", resource.name(), of(resource));
        resource.remember();
        resource.set_meta("name", &name);
    }
}

/// Ten characters that neither look like words nor like each other.
fn of(resource: &Resource) -> String {
    let mut content = Map::new();
    content.insert("kind".to_owned(), Value::String(resource.kind().to_owned()));
    // Kustomize has always hashed an empty name here; its hashes are what others compare with.
    content.insert("name".to_owned(), Value::String(String::new()));
    let data = resource.value.get("data").filter(|data| !data.is_null());
    content.insert(
        "data".to_owned(),
        data.cloned()
            .unwrap_or_else(|| Value::String(String::new())),
    );
    if let Some(binary) = resource
        .value
        .get("binaryData")
        .filter(|data| data.is_object())
    {
        content.insert("binaryData".to_owned(), binary.clone());
    }
    let mut json = String::new();
    write(&mut json, &Value::Object(content));
    let hex = hex::encode(Sha256::digest(json));
    hex.chars()
        .take(10)
        .map(|c| match c {
            '0' => 'g',
            '1' => 'h',
            '3' => 'k',
            'a' => 'm',
            'e' => 't',
            other => other,
        })
        .collect()
}

/// JSON as Go writes it: keys sorted, and `<`, `>`, `&` and the line separators of Unicode escaped.
fn write(out: &mut String, value: &Value) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (at, (key, value)) in entries.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                text(out, key);
                out.push(':');
                write(out, value);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(out, item);
            }
            out.push(']');
        }
        Value::String(string) => text(out, string),
        other => out.push_str(&other.to_string()),
    }
}

fn text(out: &mut String, string: &str) {
    use std::fmt::Write as _;
    out.push('"');
    for c in string.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\u{0}'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

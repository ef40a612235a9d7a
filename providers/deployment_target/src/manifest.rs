//! From manifest files to objects.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::object::{DeclaredObject, ObjectKey};
use crate::order::place;
use crate::{Limits, Result, TargetError};

/// The objects that the files (path to text) declare, in the order in which they are applied.
///
/// A file holds any number of YAML documents, or JSON. The text of an object stays as it is
/// written, comments too. Documents without content are passed over.
///
/// # Errors
/// [`TargetError::InvalidManifest`] with file and line, [`TargetError::Duplicate`],
/// [`TargetError::TooLarge`].
pub fn declare(files: &BTreeMap<String, String>, limits: &Limits) -> Result<Vec<DeclaredObject>> {
    let mut objects = Vec::new();
    for (file, text) in files {
        for document in documents(text) {
            let (api_version, key) = identify(file, &document)?;
            let text = format!("{}\n", document.text.trim_end());
            objects.push(DeclaredObject::new(key, api_version, text, file));
        }
    }
    check(&objects, limits)?;
    objects.sort_by(|a, b| place(a.key()).cmp(&place(b.key())));
    Ok(objects)
}

/// Checks number, sizes and that no two objects share a file.
pub(crate) fn check(objects: &[DeclaredObject], limits: &Limits) -> Result<()> {
    let too_large = |what, max| Err(TargetError::TooLarge { what, max });
    if objects.len() > limits.max_objects {
        return too_large("the number of objects", limits.max_objects);
    }
    if objects
        .iter()
        .any(|o| o.text().len() > limits.max_object_bytes)
    {
        return too_large("the size of an object in bytes", limits.max_object_bytes);
    }
    if objects.iter().map(|o| o.text().len()).sum::<usize>() > limits.max_total_bytes {
        return too_large("the size of all objects in bytes", limits.max_total_bytes);
    }
    let mut seen = BTreeMap::new();
    for object in objects {
        if let Some(first) = seen.insert(object.key().file(), object.source()) {
            return Err(TargetError::Duplicate {
                file: object.source().to_owned(),
                object: Box::new(object.key().clone()),
                first: first.to_owned(),
            });
        }
    }
    Ok(())
}

/// The object that a text found in the target seems to be, when it is one object.
pub(crate) fn recognise(text: &str) -> Option<ObjectKey> {
    let mut found = documents(text);
    let document = found.pop().filter(|_| found.is_empty())?;
    identify("", &document).ok().map(|(_, key)| key)
}

struct Document {
    text: String,
    /// Line of the file on which it starts, from 1.
    line: u64,
}

/// Splits at `---` and `...` at the start of a line: YAML allows these nowhere inside a document.
fn documents(text: &str) -> Vec<Document> {
    let mut found = Vec::new();
    let mut current = Document {
        text: String::new(),
        line: 1,
    };
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let number = index as u64 + 1;
        if let Some(rest) = marker(line) {
            let next = Document {
                text: rest.to_owned(),
                line: if rest.is_empty() { number + 1 } else { number },
            };
            found.push(std::mem::replace(&mut current, next));
        } else {
            current.text.push_str(line);
        }
    }
    found.push(current);
    found.retain(|document| has_content(&document.text));
    found
}

/// What follows a document marker on its line; nothing when the line is none.
fn marker(line: &str) -> Option<&str> {
    let rest = line
        .strip_prefix("---")
        .or_else(|| line.strip_prefix("..."))?;
    let end = rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']);
    let content = rest.trim_start_matches([' ', '\t', '\r', '\n']);
    end.then_some(content)
}

fn has_content(text: &str) -> bool {
    text.lines()
        .map(|line| line.trim_start_matches('\u{feff}').trim())
        .any(|line| !line.is_empty() && !line.starts_with(['#', '%']))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    api_version: Option<String>,
    kind: Option<String>,
    metadata: Option<Metadata>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    name: Option<String>,
    namespace: Option<String>,
}

fn identify(file: &str, document: &Document) -> Result<(String, ObjectKey)> {
    let invalid = |line, rule: String| TargetError::InvalidManifest {
        file: file.to_owned(),
        line,
        rule,
    };
    let head: Head = serde_saphyr::from_str(&document.text).map_err(|error| {
        let line = error.location().map(|at| document.line + at.line() - 1);
        // The library's own words quote the text, which may be a secret.
        let rule = "not a YAML mapping with apiVersion, kind and metadata".to_owned();
        invalid(line.or(Some(document.line)), rule)
    })?;
    let at = Some(document.line);
    let need = |field: &str, value: Option<String>| {
        value
            .filter(|value| !value.is_empty())
            .ok_or_else(|| invalid(at, format!("{field} is missing")))
    };
    let api_version = need("apiVersion", head.api_version)?;
    let kind = need("kind", head.kind)?;
    let metadata = head.metadata.unwrap_or_default();
    let key = ObjectKey {
        group: match api_version.rsplit_once('/') {
            Some((group, _)) => group.to_owned(),
            None => String::new(),
        },
        kind,
        namespace: metadata.namespace.filter(|namespace| !namespace.is_empty()),
        name: need("metadata.name", metadata.name)?,
    };
    match broken(&api_version, &key) {
        Some(rule) => Err(invalid(at, rule.to_owned())),
        None => Ok((api_version, key)),
    }
}

/// The rule that an identity breaks. The parts become the name of a file, so no more than what
/// Kubernetes itself takes is let through.
fn broken(api_version: &str, key: &ObjectKey) -> Option<&'static str> {
    let group = |text: &str| {
        text.len() <= 253
            && !text.starts_with(['.', '-'])
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
    };
    let version = api_version.rsplit('/').next().unwrap_or_default();
    let label = |text: &str| {
        (1..=63).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let name = |text: &str| {
        (1..=253).contains(&text.len())
            && text.as_bytes()[0].is_ascii_alphanumeric()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._:".contains(&b))
    };
    if !group(&key.group) || version.is_empty() || !group(version) {
        Some("apiVersion must be a version or a group and a version, as apps/v1")
    } else if key.kind.len() > 63
        || !key.kind.bytes().all(|b| b.is_ascii_alphanumeric())
        || !key.kind.as_bytes()[0].is_ascii_uppercase()
    {
        Some("kind must be letters and digits and start with a capital")
    } else if key.kind == "List" || key.kind == "Kustomization" {
        Some("kind must be that of one object, neither a List nor a Kustomization")
    } else if key.namespace.as_deref().is_some_and(|text| !label(text)) {
        Some("metadata.namespace must be 1 to 63 characters of a-z, 0-9 and '-'")
    } else if !name(&key.name) {
        Some("metadata.name must be 1 to 253 letters, digits, '-', '.', '_' or ':'")
    } else {
        None
    }
}

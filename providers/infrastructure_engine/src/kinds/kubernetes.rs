//! A Kubernetes namespace as a directory of manifests.

use std::fmt::Write;
use std::fs;
use std::io::ErrorKind;

use serde_json::Value;

use crate::error::{Io, StepError};
use crate::spec::{Properties, text};

use super::directory::forced;
use super::folder::{Found, read, remove, taken};
use super::{Target, Wanted, World};

const NAMESPACE: &str = "namespace.yaml";
const QUOTA: &str = "resourcequota.yaml";
const MARK: &str = "sluice.local/resource";
const MOST: u64 = 1024 * 1024;

/// The manifests of these properties: None for one that is not to be there.
fn manifests(properties: &Properties, mark: &str) -> [(&'static str, Option<String>); 2] {
    let name = quoted(text(properties, "namespace"));
    let mut namespace = format!(
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n  annotations:\n    {MARK}: {}\n",
        quoted(mark)
    );
    map(&mut namespace, properties, "annotations", 4);
    if properties.contains_key("labels") {
        namespace.push_str("  labels:\n");
        map(&mut namespace, properties, "labels", 4);
    }
    let quota = properties.contains_key("quota").then(|| {
        let mut quota = format!(
            "apiVersion: v1\nkind: ResourceQuota\nmetadata:\n  name: {name}\n  namespace: {name}\nspec:\n  hard:\n"
        );
        map(&mut quota, properties, "quota", 4);
        quota
    });
    [(NAMESPACE, Some(namespace)), (QUOTA, quota)]
}

fn map(out: &mut String, properties: &Properties, key: &str, indent: usize) {
    let entries = properties.get(key).and_then(Value::as_object);
    for (key, value) in entries.into_iter().flatten() {
        let value = quoted(value.as_str().unwrap_or_default());
        let key = quoted(key);
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{:indent$}{key}: {value}", "");
    }
}

/// A JSON string is a YAML string.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// The text of a manifest; None when there is none, an error when something else is there.
fn found(world: &World, folder: &str, name: &str) -> Result<Option<String>, StepError> {
    let path = format!("{folder}/{name}");
    match world.folder.find(&path)? {
        (_, Found::Nothing) => Ok(None),
        (place, Found::File(_)) => {
            let bytes = read(&place, MOST)?.unwrap_or_default();
            Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
        }
        _ => Err(taken(&path)),
    }
}

pub(super) fn make(
    world: &World,
    target: &Target<'_>,
    wanted: Wanted<'_>,
) -> Result<(), StepError> {
    let folder = text(wanted.properties, "path");
    let (place, at) = world.folder.find(folder)?;
    match at {
        Found::Directory(_) => {}
        Found::Nothing => fs::create_dir_all(&place).doing("making a directory")?,
        Found::File(_) | Found::Other => return Err(taken(folder)),
    }
    let there = found(world, folder, NAMESPACE)?;
    let ours = there
        .as_ref()
        .is_none_or(|text| text.contains(&quoted(&target.mark)));
    if !wanted.update && !ours {
        return Err(taken(&format!("{folder}/{NAMESPACE}")));
    }
    for (name, manifest) in manifests(wanted.properties, &target.mark) {
        let path = format!("{folder}/{name}");
        let there = found(world, folder, name)?;
        match manifest {
            Some(manifest) if there.as_ref() != Some(&manifest) => {
                world
                    .folder
                    .write(&path, manifest.as_bytes(), 0o644, true)?;
            }
            None if there.is_some() => remove(&world.folder.place(&path)?)?,
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn delete(world: &World, old: &Properties) -> Result<(), StepError> {
    let folder = text(old, "path");
    let (place, at) = world.folder.find(folder)?;
    match at {
        Found::Nothing => return Ok(()),
        Found::Directory(_) if forced(old) => return world.folder.discard(&place),
        Found::Directory(_) => {}
        Found::File(_) | Found::Other => return Err(taken(folder)),
    }
    // What else is in it is looked at first, so that a refusal leaves the namespace whole.
    let others = fs::read_dir(&place).doing("reading a directory")?;
    for entry in others {
        let name = entry.doing("reading a directory")?.file_name();
        if name != NAMESPACE && name != QUOTA {
            let location = folder.to_owned();
            return Err(StepError::NotEmpty { location });
        }
    }
    for name in [QUOTA, NAMESPACE] {
        found(world, folder, name)?;
        remove(&place.join(name))?;
    }
    match fs::remove_dir(&place) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).doing("deleting a directory")
        }
        _ => Ok(()),
    }
}

pub(super) fn observe(
    world: &World,
    target: &Target<'_>,
    recorded: &Properties,
) -> Result<Option<Properties>, StepError> {
    let folder = text(recorded, "path");
    let (_, at) = world.folder.find(folder)?;
    if !matches!(at, Found::Directory(_)) {
        return Ok(None);
    }
    let mut seen = recorded.clone();
    seen.remove("manifests");
    let mut edited = Vec::new();
    for (name, manifest) in manifests(&seen, &target.mark) {
        let there = found(world, folder, name).unwrap_or_else(|_| Some(String::new()));
        if there != manifest {
            let how = match (there.is_some(), manifest.is_some()) {
                (false, _) => "missing",
                (true, true) => "edited",
                (true, false) => "added",
            };
            edited.push(format!("{name} {how}"));
        }
    }
    // Whatever someone wrote by hand: that it differs is a property that no program declares.
    if !edited.is_empty() {
        seen.insert("manifests".to_owned(), edited.join(", ").into());
    }
    Ok(Some(seen))
}

//! Making a target equal to what is declared.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::folder::{Folder, TEMPORARY};
use super::intent::{Intent, entry};
use super::observe::observe;
use super::{INTENT, INVENTORY, Inner, STATUS};
use crate::object::{DeclaredObject, ObjectKey};
use crate::plan::{Plan, plan};
use crate::types::{Applied, FailedObject, Inventory, InventoryObject, Observed};
use crate::{ApplyOptions, Result, TargetError};

pub(super) fn recover(inner: &Inner, folder: &Folder) -> Result<Option<Applied>> {
    let Some(intent) = Intent::read(folder, &inner.limits)? else {
        return Ok(None);
    };
    let declared = intent.declared(&inner.limits)?;
    apply(inner, folder, &declared, &intent.revision, intent.options()).map(Some)
}

pub(super) fn apply(
    inner: &Inner,
    folder: &Folder,
    declared: &[DeclaredObject],
    revision: &str,
    options: ApplyOptions,
) -> Result<Applied> {
    sweep(inner, folder)?;
    let observed = observe(folder, &inner.limits)?;
    admit(declared, &observed, options)?;
    let plan = plan(declared, &observed);
    if let Some(replayed) = as_asked(declared, &observed, &plan, revision, options) {
        return Ok(replayed);
    }
    let now = Utc::now();
    let work = Work {
        inner,
        folder,
        declared: declared
            .iter()
            .map(|object| (object.key(), object))
            .collect(),
        now,
    };
    Intent::new(declared, &observed, revision, options, now).write(folder)?;
    inner.step()?;
    let mut done = Applied {
        unchanged: plan.unchanged.clone(),
        serial: observed.serial() + 1,
        ..Applied::default()
    };
    work.write(&plan, &mut done)?;
    if done.failed.is_empty() {
        work.prune(&plan, options, &mut done)?;
    }
    work.conclude(&observed, revision, &done)?;
    Ok(done)
}

/// Removes what a crash left half-written.
fn sweep(inner: &Inner, folder: &Folder) -> Result<()> {
    let names = folder
        .names(inner.limits.max_entries)
        .map_err(TargetError::io("listing the target"))?;
    for name in names.unwrap_or_default() {
        if name.starts_with(TEMPORARY) {
            folder
                .remove(&name)
                .map_err(TargetError::io("removing a temporary file"))?;
        }
    }
    Ok(())
}

fn admit(declared: &[DeclaredObject], observed: &Observed, options: ApplyOptions) -> Result<()> {
    let found = observed.serial();
    if let Some(expected) = options.expected_serial.filter(|serial| *serial != found) {
        return Err(TargetError::Moved { expected, found });
    }
    let owned = observed.owned().len();
    if declared.is_empty() && owned > 0 && options.prune && !options.allow_empty {
        return Err(TargetError::NothingDeclared { owned });
    }
    Ok(())
}

/// The answer when there is nothing to do and nothing to note.
fn as_asked(
    declared: &[DeclaredObject],
    observed: &Observed,
    plan: &Plan,
    revision: &str,
    options: ApplyOptions,
) -> Option<Applied> {
    let inventory = observed.inventory.as_ref()?;
    let noted = |object: &DeclaredObject| {
        inventory
            .objects
            .iter()
            .any(|held| held.key == *object.key() && held.sha256 == object.sha256())
    };
    let work = !plan.creates.is_empty()
        || !plan.updates.is_empty()
        || (options.prune && inventory.objects.len() != declared.len())
        || (options.prune_extras && !plan.extras.is_empty());
    let same = observed.unfinished.is_none()
        && inventory.revision.as_deref() == Some(revision)
        && inventory.attempted == revision
        && declared.iter().all(noted);
    (!work && same).then(|| Applied {
        unchanged: plan.unchanged.clone(),
        serial: inventory.serial,
        replayed: true,
        ..Applied::default()
    })
}

struct Work<'w> {
    inner: &'w Inner,
    folder: &'w Folder,
    declared: BTreeMap<&'w ObjectKey, &'w DeclaredObject>,
    now: DateTime<Utc>,
}

impl Work<'_> {
    /// Creates and updates, in the order of kinds.
    fn write(&self, plan: &Plan, done: &mut Applied) -> Result<()> {
        let mut keys: Vec<&ObjectKey> = plan.creates.iter().chain(&plan.updates).collect();
        keys.sort_by(|a, b| crate::order::place(a).cmp(&crate::order::place(b)));
        for key in keys {
            let Some(object) = self.declared.get(key) else {
                continue;
            };
            let file = key.file();
            match self.folder.write(&file, object.text().as_bytes(), false) {
                Ok(()) => done.applied.push(key.clone()),
                Err(error) => done.failed.push(failed(Some(key), file, &error)),
            }
            self.inner.step()?;
        }
        Ok(())
    }

    fn prune(&self, plan: &Plan, options: ApplyOptions, done: &mut Applied) -> Result<()> {
        for prune in plan.prunes.iter().filter(|_| options.prune) {
            match self.folder.remove(&prune.file) {
                Ok(_) => {
                    self.forget_status(&prune.key);
                    done.pruned.push(prune.key.clone());
                }
                Err(error) => {
                    let file = prune.file.clone();
                    done.failed.push(failed(Some(&prune.key), file, &error));
                }
            }
            self.inner.step()?;
        }
        for file in plan.extras.iter().filter(|_| options.prune_extras) {
            match self.folder.remove(file) {
                Ok(_) => done.pruned_extras.push(file.clone()),
                Err(error) => done.failed.push(failed(None, file.clone(), &error)),
            }
            self.inner.step()?;
        }
        Ok(())
    }

    /// A record about an object that is gone misleads nobody when it stays, so a failure is fine.
    fn forget_status(&self, key: &ObjectKey) {
        if let Ok(Some(status)) = self.folder.child(STATUS) {
            let _ = status.remove(&format!("{}.json", key.stem()));
        }
    }

    /// Writes the inventory, then removes the intent.
    fn conclude(&self, observed: &Observed, revision: &str, done: &Applied) -> Result<()> {
        let before = observed.inventory.as_ref();
        let complete = done.is_complete().then(|| revision.to_owned());
        let inventory = Inventory {
            version: 1,
            serial: done.serial,
            revision: complete.or_else(|| before.and_then(|held| held.revision.clone())),
            attempted: revision.to_owned(),
            applied_at: self.now,
            objects: self.owned_after(observed, done),
        };
        let bytes = serde_json::to_vec_pretty(&inventory).map_err(|error| {
            TargetError::io("writing the inventory")(std::io::Error::other(error))
        })?;
        self.folder
            .write(INVENTORY, &bytes, true)
            .map_err(TargetError::io("writing the inventory"))?;
        self.inner.step()?;
        self.folder
            .remove(INTENT)
            .map_err(TargetError::io("removing the intent"))?;
        Ok(())
    }

    /// What the target owns now: what was written or stayed, what could not be written if it was
    /// owned before, and what was not pruned although it is there.
    fn owned_after(&self, observed: &Observed, done: &Applied) -> Vec<InventoryObject> {
        let before = observed.owned();
        let mut after: BTreeMap<String, InventoryObject> = before
            .iter()
            .filter(|(file, _)| observed.files.contains_key(**file))
            .map(|(file, held)| ((*file).to_owned(), (*held).clone()))
            .collect();
        for key in &done.pruned {
            after.remove(&key.file());
        }
        let noted = |key: &ObjectKey, sha256: &str| {
            let objects = observed.inventory.iter().flat_map(|held| &held.objects);
            let mut objects = objects.filter(|held| held.key == *key && held.sha256 == sha256);
            objects.next().map(|held| held.applied_at)
        };
        for (kept, keys) in [(true, &done.unchanged), (false, &done.applied)] {
            for object in keys.iter().filter_map(|key| self.declared.get(key)) {
                let since = noted(object.key(), object.sha256()).filter(|_| kept);
                let held = entry(object, since.unwrap_or(self.now));
                after.insert(held.file.clone(), held);
            }
        }
        after.into_values().collect()
    }
}

fn failed(object: Option<&ObjectKey>, file: String, error: &std::io::Error) -> FailedObject {
    let reason = match error.kind() {
        std::io::ErrorKind::IsADirectory => "a folder stands in its place".to_owned(),
        // The system's own words name no path here: everything is relative to the folder.
        _ => error.to_string(),
    };
    FailedObject {
        object: object.cloned(),
        file,
        reason,
    }
}

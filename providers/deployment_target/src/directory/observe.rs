//! Reading a target.

use std::collections::BTreeMap;

use super::folder::{Content, Folder};
use super::intent::Intent;
use super::{INVENTORY, STATUS, into_folder};
use crate::manifest::recognise;
use crate::object::sha256;
use crate::types::{
    FileProblem, Inventory, LiveFile, Observed, Recorded, StatusRecord, Unfinished,
};
use crate::{Limits, Result, TargetError};

/// Bytes of the inventory at most; an entry has some 300.
const MAX_INVENTORY: usize = 16 * 1_024 * 1_024;

pub(super) fn observe(folder: &Folder, limits: &Limits) -> Result<Observed> {
    let (inventory, inventory_problem) = inventory(folder)?;
    let unfinished = Intent::read(folder, limits)?.map(|intent| Unfinished {
        revision: intent.revision.clone(),
        started_at: intent.started_at,
        owned: intent.owned_by_file().into_values().collect(),
    });
    Ok(Observed {
        inventory,
        inventory_problem,
        unfinished,
        files: files(folder, limits)?,
        statuses: statuses(folder, limits)?,
    })
}

/// The inventory, or why it cannot be used: somebody may have edited it, which must not keep the
/// target from being put right.
fn inventory(folder: &Folder) -> Result<(Option<Inventory>, Option<String>)> {
    let read = folder
        .read(INVENTORY, MAX_INVENTORY)
        .map_err(TargetError::io("reading the inventory"))?;
    let parsed = match read {
        None => return Ok((None, None)),
        Some(Content::Problem(problem)) => Err(problem.describe().to_owned()),
        Some(Content::Bytes(bytes)) => {
            serde_json::from_slice::<Inventory>(&bytes).map_err(|error| error.to_string())
        }
    };
    Ok(match parsed.and_then(usable) {
        Ok(inventory) => (Some(inventory), None),
        Err(why) => (None, Some(format!("the inventory cannot be used: {why}"))),
    })
}

fn usable(inventory: Inventory) -> Result<Inventory, String> {
    if inventory.version != 1 {
        return Err(format!("its version is {}, not 1", inventory.version));
    }
    // A file name decides what is pruned, so it is never taken on trust.
    match inventory.objects.iter().find(|o| o.file != o.key.file()) {
        Some(object) => Err(format!("{} has the wrong file", object.key)),
        None => Ok(inventory),
    }
}

fn files(folder: &Folder, limits: &Limits) -> Result<BTreeMap<String, LiveFile>> {
    let mut total = 0;
    let mut found = BTreeMap::new();
    for name in names(folder, limits)? {
        if !is_manifest(&name) {
            continue;
        }
        let content = folder
            .read(&name, limits.max_object_bytes)
            .map_err(TargetError::io("reading an object"))?;
        if let Some(content) = content {
            if let Content::Bytes(bytes) = &content {
                total += bytes.len();
            }
            let max = limits.max_total_bytes.saturating_mul(2);
            if total > max {
                let what = "the size of the files in the target in bytes";
                return Err(TargetError::TooLarge { what, max });
            }
            found.insert(name, live(content));
        }
    }
    Ok(found)
}

fn live(content: Content) -> LiveFile {
    let bytes = match content {
        Content::Bytes(bytes) => bytes,
        Content::Problem(problem) => {
            return LiveFile {
                sha256: None,
                text: None,
                problem: Some(problem),
                key: None,
            };
        }
    };
    let digest = sha256(&bytes);
    let text = String::from_utf8(bytes).ok();
    LiveFile {
        sha256: Some(digest),
        problem: text.is_none().then_some(FileProblem::NotText),
        key: text.as_deref().and_then(recognise),
        text,
    }
}

fn names(folder: &Folder, limits: &Limits) -> Result<Vec<String>> {
    let max = limits.max_entries;
    folder
        .names(max)
        .map_err(TargetError::io("listing the target"))?
        .ok_or(TargetError::TooLarge {
            what: "the number of files in the target",
            max,
        })
}

fn is_manifest(name: &str) -> bool {
    let ends = |end: &str| name.len() > end.len() && name.ends_with(end);
    !name.starts_with('.') && (ends(".yaml") || ends(".yml") || ends(".json"))
}

fn statuses(folder: &Folder, limits: &Limits) -> Result<BTreeMap<String, Recorded>> {
    let mut found = BTreeMap::new();
    let Some(folder) = into_folder(folder.child(STATUS), STATUS).unwrap_or(None) else {
        // Something else called `status` means that nothing is recorded.
        return Ok(found);
    };
    for name in names(&folder, limits)? {
        let stem = name
            .strip_suffix(".json")
            .filter(|stem| !stem.starts_with('.'));
        let Some(stem) = stem else { continue };
        let content = folder
            .read(&name, limits.max_status_bytes)
            .map_err(TargetError::io("reading a status"))?;
        if let Some(content) = content {
            found.insert(stem.to_owned(), recorded(content));
        }
    }
    Ok(found)
}

fn recorded(content: Content) -> Recorded {
    match content {
        Content::Problem(problem) => Recorded::Invalid(format!("it {}", problem.describe())),
        Content::Bytes(bytes) => match serde_json::from_slice::<StatusRecord>(&bytes) {
            Ok(mut status) => {
                let message = status.message.take();
                status.message = message.map(sluice_schema::bounded_message);
                Recorded::Status(status)
            }
            Err(error) => Recorded::Invalid(sluice_schema::bounded_message(error.to_string())),
        },
    }
}

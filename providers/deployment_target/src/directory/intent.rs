//! What an apply is about to do, kept until it is done.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::INTENT;
use super::folder::{Content, Folder};
use crate::manifest::declare;
use crate::object::DeclaredObject;
use crate::types::{InventoryObject, Observed};
use crate::{ApplyOptions, Limits, Result, TargetError};

/// Written before the first object, removed after the inventory.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Intent {
    pub(super) revision: String,
    pub(super) started_at: DateTime<Utc>,
    prune: bool,
    prune_extras: bool,
    /// Declared texts by source and number, with which anybody can finish.
    declared: BTreeMap<String, String>,
    /// What the target owns, whichever step is the last: before, and what is being written.
    owned: Vec<InventoryObject>,
}

impl Intent {
    pub(super) fn new(
        declared: &[DeclaredObject],
        observed: &Observed,
        revision: &str,
        options: ApplyOptions,
        now: DateTime<Utc>,
    ) -> Self {
        let before = observed.owned().into_values().cloned();
        let coming = declared.iter().map(|object| entry(object, now));
        // What was applied knows its time; what is coming only adds to it.
        let owned: BTreeMap<_, _> = coming
            .chain(before)
            .map(|object| (object.file.clone(), object))
            .collect();
        Self {
            revision: revision.to_owned(),
            started_at: now,
            prune: options.prune,
            prune_extras: options.prune_extras,
            declared: declared
                .iter()
                .enumerate()
                .map(|(number, object)| {
                    let source = format!("{number:05} {}", object.source());
                    (source, object.text().to_owned())
                })
                .collect(),
            owned: owned.into_values().collect(),
        }
    }

    /// The intent that was left behind. One that cannot be read says nothing, and is superseded.
    pub(super) fn read(folder: &Folder, limits: &Limits) -> Result<Option<Self>> {
        // JSON text may be longer than the text it holds, by escapes.
        let max = limits.max_total_bytes.saturating_mul(3);
        let read = folder
            .read(INTENT, max)
            .map_err(TargetError::io("reading the intent"))?;
        let Some(Content::Bytes(bytes)) = read else {
            return Ok(None);
        };
        let intent = serde_json::from_slice::<Self>(&bytes).ok();
        Ok(intent.filter(|intent| intent.owned.iter().all(|held| held.file == held.key.file())))
    }

    pub(super) fn write(&self, folder: &Folder) -> Result<()> {
        let bytes = serde_json::to_vec(self)
            .map_err(|error| TargetError::io("writing the intent")(std::io::Error::other(error)))?;
        folder
            .write(INTENT, &bytes, true)
            .map_err(TargetError::io("writing the intent"))
    }

    pub(super) fn owned_by_file(&self) -> BTreeMap<String, InventoryObject> {
        let owned = self.owned.iter().cloned();
        owned.map(|held| (held.file.clone(), held)).collect()
    }

    /// The objects to apply.
    pub(super) fn declared(&self, limits: &Limits) -> Result<Vec<DeclaredObject>> {
        declare(&self.declared, limits)
    }

    pub(super) fn options(&self) -> ApplyOptions {
        ApplyOptions {
            prune: self.prune,
            prune_extras: self.prune_extras,
            // It was allowed before the intent was written.
            allow_empty: true,
            expected_serial: None,
        }
    }
}

pub(super) fn entry(object: &DeclaredObject, now: DateTime<Utc>) -> InventoryObject {
    InventoryObject {
        key: object.key().clone(),
        api_version: object.api_version().to_owned(),
        file: object.key().file(),
        sha256: object.sha256().to_owned(),
        applied_at: now,
    }
}

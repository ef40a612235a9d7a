//! What differs from Git, and why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sluice_deployment_target::{Change, Drift, ObjectKey};
use sluice_kernel::{ContentDigest, text_enum};

text_enum! {
    /// Why an object differs from what Git declares.
    Classification {
        /// Git declares something that was not applied yet.
        PendingPromotion = "PENDING_PROMOTION",
        /// Somebody changed the target.
        ManualEdit = "MANUAL_EDIT",
        /// It could not be applied.
        FailedSync = "FAILED_SYNC",
    }
}

text_enum! {
    /// How an object differs from what Git declares.
    DriftChange {
        /// It is there with another content.
        Modified = "MODIFIED",
        /// It is not there.
        Missing = "MISSING",
        /// It is there and not declared.
        Extra = "EXTRA",
    }
}

/// One object that differs from what Git declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DriftItem {
    /// `<kind>/<namespace>/<name>`, with `_` for no namespace; the file's name when it is no object.
    pub object: String,
    /// Its file in the target.
    pub file: String,
    /// Why it differs.
    pub classification: Classification,
    /// How it differs.
    pub change: DriftChange,
    /// Whether the target answers for it; what it does not is a stranger's and left alone.
    pub owned: bool,
    /// From what Git declares to what is there, as a unified diff; empty for secrets.
    pub diff: String,
    /// Whether the diff was cut.
    pub diff_truncated: bool,
    /// What happened, in one sentence.
    pub message: String,
}

/// What is known of what was applied, by file: SHA-256 of the text.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) applied: Option<BTreeMap<String, String>>,
    /// SHA-256 of what is there, by file.
    pub(crate) live: BTreeMap<String, Option<String>>,
    /// Whether the last attempt at what Git declares failed.
    pub(crate) failed: bool,
    /// Files that it could not apply.
    pub(crate) unapplied: Vec<String>,
}

impl Known {
    /// Who left the object as it is: nobody touched what is as it was applied.
    fn classify(&self, drift: &Drift) -> Classification {
        let untouched = match &self.applied {
            Some(applied) => {
                let live = self.live.get(&drift.file).and_then(Option::as_ref);
                let is_there = self.live.contains_key(&drift.file);
                let was = applied.get(&drift.file);
                was == live && was.is_some() == is_there
            }
            // Nothing was applied yet: what is missing was never there.
            None => drift.change == Change::Missing || drift.owned,
        };
        if self.failed && (untouched || self.unapplied.contains(&drift.file)) {
            Classification::FailedSync
        } else if untouched {
            Classification::PendingPromotion
        } else {
            Classification::ManualEdit
        }
    }
}

/// Each difference with its cause.
pub(crate) fn classify(found: Vec<Drift>, known: &Known) -> Vec<DriftItem> {
    let items = found.into_iter().map(|drift| DriftItem {
        classification: known.classify(&drift),
        object: drift
            .object
            .as_ref()
            .map_or_else(|| drift.file.clone(), object_name),
        change: match drift.change {
            Change::Modified => DriftChange::Modified,
            Change::Missing => DriftChange::Missing,
            Change::Extra => DriftChange::Extra,
        },
        owned: drift.owned,
        file: drift.file,
        diff: drift.diff.text,
        diff_truncated: drift.diff.truncated,
        message: drift.message,
    });
    items.collect()
}

fn object_name(key: &ObjectKey) -> String {
    let namespace = key.namespace.as_deref().unwrap_or("_");
    format!("{}/{namespace}/{}", key.kind, key.name)
}

/// Whether the target does not hold what Git declares because of it. A stranger's file is
/// reported, but it keeps nothing that is declared from being there.
pub(crate) fn counts_as_drift(item: &DriftItem) -> bool {
    item.owned || item.change != DriftChange::Extra
}

/// Whether somebody changed what the target answers for.
pub(crate) fn is_edited(items: &[DriftItem]) -> bool {
    let by_hand = |item: &DriftItem| item.classification == Classification::ManualEdit;
    items
        .iter()
        .any(|item| by_hand(item) && counts_as_drift(item))
}

/// Equal for equal drift.
pub(crate) fn digest_of(items: &[DriftItem]) -> String {
    let parts: Vec<&[u8]> = items
        .iter()
        .flat_map(|item| {
            [
                item.file.as_bytes(),
                item.classification.as_str().as_bytes(),
                item.change.as_str().as_bytes(),
                item.diff.as_bytes(),
                item.message.as_bytes(),
            ]
        })
        .collect();
    ContentDigest::of_parts(parts).hex()
}

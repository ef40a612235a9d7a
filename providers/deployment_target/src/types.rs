//! What a target holds and what applying did.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Health, ObjectKey};

/// What was applied to a target: its memory of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    /// Version of this record's shape: 1.
    pub version: u32,
    /// Grows by one with each apply that changed something.
    pub serial: u64,
    /// The revision that was applied last without a failure.
    pub revision: Option<String>,
    /// The revision that was tried last; differs from `revision` when objects failed.
    pub attempted: String,
    /// When it was tried.
    pub applied_at: DateTime<Utc>,
    /// The objects that the target owns, by their files' names.
    pub objects: Vec<InventoryObject>,
}

/// One object that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InventoryObject {
    /// What identifies it.
    #[serde(flatten)]
    pub key: ObjectKey,
    /// API version that it was applied with.
    pub api_version: String,
    /// The file in the target's folder.
    pub file: String,
    /// SHA-256 of the applied text: 64 lower-case hex digits.
    pub sha256: String,
    /// When this text was applied.
    pub applied_at: DateTime<Utc>,
}

/// An apply that was begun and not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// The revision it was to bring.
    pub revision: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Objects that it may have written, and those that the target owned before.
    pub owned: Vec<InventoryObject>,
}

/// Why the content of a file is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FileProblem {
    /// A symbolic link stands there; it is never followed.
    SymbolicLink,
    /// A folder, a pipe or a device stands there.
    NotAFile,
    /// It is larger than an object may be.
    TooLarge,
    /// It is not UTF-8.
    NotText,
    /// The system does not let it be read.
    Unreadable,
}

impl FileProblem {
    /// In words, to follow "the file".
    pub fn describe(self) -> &'static str {
        match self {
            Self::SymbolicLink => "was replaced by a symbolic link, which is not followed",
            Self::NotAFile => "was replaced by something that is not a file",
            Self::TooLarge => "is larger than an object may be",
            Self::NotText => "is not UTF-8 text",
            Self::Unreadable => "cannot be read",
        }
    }
}

/// A manifest file as it lies in the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveFile {
    /// SHA-256 of its bytes, when they were read.
    pub sha256: Option<String>,
    /// Its text, unless there is a problem.
    pub text: Option<String>,
    /// Why there is no text.
    pub problem: Option<FileProblem>,
    /// The object that it seems to be; absent for anything else, such as invalid YAML.
    pub key: Option<ObjectKey>,
}

/// Health as an agent outside recorded it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusRecord {
    /// The health.
    pub health: Health,
    /// What the agent says about it.
    #[serde(default)]
    pub message: Option<String>,
    /// When it was observed.
    pub observed_at: DateTime<Utc>,
}

/// A file in `status/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// A valid record.
    Status(StatusRecord),
    /// A file that is no valid record; the text says why.
    Invalid(String),
}

/// What a target looks like at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed {
    /// What was applied; absent before the first apply, or when the record is lost.
    pub inventory: Option<Inventory>,
    /// Why the inventory was lost, when its file is there and cannot be used.
    pub inventory_problem: Option<String>,
    /// An apply that a crash cut short; applying again or recovering finishes it.
    pub unfinished: Option<Unfinished>,
    /// Files that look like manifests (`*.yaml`, `*.yml`, `*.json`), by name.
    pub files: BTreeMap<String, LiveFile>,
    /// Recorded health, by [`ObjectKey::stem`].
    pub statuses: BTreeMap<String, Recorded>,
}

impl Observed {
    /// Serial of the inventory; 0 before the first apply.
    pub fn serial(&self) -> u64 {
        self.inventory.as_ref().map_or(0, |held| held.serial)
    }

    /// The objects that the target answers for, by file: what was applied, and what an unfinished
    /// apply may have written.
    pub fn owned(&self) -> BTreeMap<&str, &InventoryObject> {
        let unfinished = self.unfinished.iter().flat_map(|held| &held.owned);
        let applied = self.inventory.iter().flat_map(|held| &held.objects);
        unfinished
            .chain(applied)
            .map(|object| (object.file.as_str(), object))
            .collect()
    }
}

/// An object that could not be applied or pruned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedObject {
    /// The object; absent for a file that is none of ours.
    pub object: Option<ObjectKey>,
    /// Its file.
    pub file: String,
    /// Why, without absolute paths.
    pub reason: String,
}

/// What an apply did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// Written, in order.
    pub applied: Vec<ObjectKey>,
    /// Deleted, in order.
    pub pruned: Vec<ObjectKey>,
    /// Files deleted that were never applied, when that was asked for.
    pub pruned_extras: Vec<String>,
    /// Left as they were.
    pub unchanged: Vec<ObjectKey>,
    /// Not applied or not deleted. Nothing is pruned when an object could not be applied.
    pub failed: Vec<FailedObject>,
    /// Serial of the inventory after.
    pub serial: u64,
    /// Whether everything was as asked for already, so that nothing was written.
    pub replayed: bool,
}

impl Applied {
    /// Whether nothing failed.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty()
    }
}

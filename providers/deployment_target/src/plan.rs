//! What an apply would do.

use std::collections::BTreeSet;

use crate::object::{DeclaredObject, ObjectKey};
use crate::order::place;
use crate::types::Observed;

/// An object that is owned and no longer declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedPrune {
    /// The object.
    pub key: ObjectKey,
    /// Its file.
    pub file: String,
}

/// The difference between what is declared and what was observed, each list in the order of work.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Declared, and not there.
    pub creates: Vec<ObjectKey>,
    /// Declared, and there with another content.
    pub updates: Vec<ObjectKey>,
    /// Owned, there, and no longer declared.
    pub prunes: Vec<PlannedPrune>,
    /// Declared, and there as declared.
    pub unchanged: Vec<ObjectKey>,
    /// Files that look like manifests and are neither owned nor declared.
    pub extras: Vec<String>,
}

impl Plan {
    /// Whether what is there equals what is declared; extras do not count.
    pub fn is_in_sync(&self) -> bool {
        self.creates.is_empty() && self.updates.is_empty() && self.prunes.is_empty()
    }
}

/// Compares what is declared with what was observed.
pub fn plan(declared: &[DeclaredObject], observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    let mut objects: Vec<&DeclaredObject> = declared.iter().collect();
    objects.sort_by(|a, b| place(a.key()).cmp(&place(b.key())));
    for object in &objects {
        let list = match observed.files.get(&object.key().file()) {
            None => &mut plan.creates,
            Some(live) if live.sha256.as_deref() == Some(object.sha256()) => &mut plan.unchanged,
            Some(_) => &mut plan.updates,
        };
        list.push(object.key().clone());
    }
    let files: BTreeSet<String> = objects.iter().map(|object| object.key().file()).collect();
    let owned = observed.owned();
    for file in observed.files.keys().filter(|file| !files.contains(*file)) {
        match owned.get(file.as_str()) {
            Some(object) => plan.prunes.push(PlannedPrune {
                key: object.key.clone(),
                file: file.clone(),
            }),
            None => plan.extras.push(file.clone()),
        }
    }
    plan.prunes
        .sort_by(|a, b| place(&b.key).cmp(&place(&a.key)));
    plan
}

//! Whether what was applied works.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::object::{DeclaredObject, ObjectKey};
use crate::types::{Observed, Recorded};

/// The health of an object or of a whole target, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Health {
    /// It works.
    Healthy,
    /// It is held on purpose.
    Suspended,
    /// It is on its way.
    Progressing,
    /// It is not there.
    Missing,
    /// It does not work.
    Degraded,
    /// Nobody can tell.
    Unknown,
}

/// The health of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHealth {
    /// The object.
    pub object: ObjectKey,
    /// Its health.
    pub health: Health,
    /// Why, when there is something to say.
    pub message: Option<String>,
    /// When an agent recorded it; absent when it follows from what was applied.
    pub observed_at: Option<DateTime<Utc>>,
}

/// The health of a target: the worst of its objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthReport {
    /// The worst; healthy when nothing is declared.
    pub health: Health,
    /// Each declared object, in the order of declaration.
    pub objects: Vec<ObjectHealth>,
}

/// Judges each declared object: missing when its file is gone, as recorded when a record is there
/// that is no older than the apply, else healthy once what was applied is what is declared.
pub fn health(declared: &[DeclaredObject], observed: &Observed) -> HealthReport {
    let objects: Vec<ObjectHealth> = declared
        .iter()
        .map(|object| judge(object, observed))
        .collect();
    HealthReport {
        health: objects
            .iter()
            .map(|object| object.health)
            .max()
            .unwrap_or(Health::Healthy),
        objects,
    }
}

fn judge(object: &DeclaredObject, observed: &Observed) -> ObjectHealth {
    let of = |health, message: Option<String>, observed_at| ObjectHealth {
        object: object.key().clone(),
        health,
        message,
        observed_at,
    };
    let file = object.key().file();
    let Some(live) = observed.files.get(&file) else {
        return of(
            Health::Missing,
            Some("the object is not there".into()),
            None,
        );
    };
    let applied = observed
        .inventory
        .iter()
        .flat_map(|inventory| &inventory.objects)
        .find(|applied| applied.file == file);
    let Some(applied) = applied.filter(|applied| applied.sha256 == object.sha256()) else {
        return of(Health::Progressing, Some("not applied yet".into()), None);
    };
    match observed.statuses.get(&object.key().stem()) {
        Some(Recorded::Status(status)) if status.observed_at >= applied.applied_at => of(
            status.health,
            status.message.clone(),
            Some(status.observed_at),
        ),
        Some(Recorded::Invalid(why)) => of(
            Health::Unknown,
            Some(format!("its status file is not valid: {why}")),
            None,
        ),
        _ if live.sha256.as_deref() == Some(object.sha256()) => of(Health::Healthy, None, None),
        _ => of(
            Health::Unknown,
            Some("changed since it was applied, and nobody recorded its health".into()),
            None,
        ),
    }
}

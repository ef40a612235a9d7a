//! The ledger as a list of events.

mod condition;
mod matches;
mod query;

use chrono::{DateTime, Utc};
use sluice_schema::Envelope;

pub(crate) use condition::Condition;

/// What lists of events are sorted by, in their cursors.
pub const EVENT_ORDER: &str = "SEQUENCE";

/// An event in the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerEvent {
    /// The tenant's sequence, from 1, without holes.
    pub sequence: u64,
    /// The event, its `sequence` set.
    pub envelope: Envelope,
    /// SHA-256, hexadecimal, over the hash before it and all fields of the event.
    pub hash: String,
}

/// Which events; absent parts match all, lists match any of their members.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct EventFilter {
    /// Event types.
    pub types: Vec<String>,
    /// Id of the subject.
    pub subject_ids: Vec<String>,
    /// Kind of the subject, for example `ReleasePlan`.
    pub subject_kinds: Vec<String>,
    /// Ids of actors.
    pub actors: Vec<String>,
    /// Correlation ids.
    pub correlation_ids: Vec<String>,
    /// Projects.
    pub project_ids: Vec<String>,
    /// Modules.
    pub module_ids: Vec<String>,
    /// Not before.
    pub since: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
}

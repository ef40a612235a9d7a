//! One attempt to bring a target to what Git declares.

use chrono::{DateTime, Utc};
use sluice_kernel::{Meta, text_enum};
use sluice_schema::SyncId;

use super::Cause;

text_enum! {
    /// How an attempt ended.
    AttemptOutcome {
        /// It has not.
        Running = "RUNNING",
        /// The target holds what was declared.
        Succeeded = "SUCCEEDED",
        /// It does not.
        Failed = "FAILED",
    }
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncAttempt {
    /// Ownership, audit fields and version.
    pub meta: Meta,
    /// The synchronisation.
    pub sync_id: SyncId,
    /// From 1.
    pub number: u32,
    /// The commit that was to be applied.
    pub revision: String,
    /// Why it was made.
    pub cause: Cause,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// Objects that were written.
    pub applied: u32,
    /// Objects that were removed.
    pub pruned: u32,
    /// The error code of a failure.
    pub code: Option<String>,
    /// Why it failed.
    pub reason: Option<String>,
}

impl SyncAttempt {
    /// Its id: of its synchronisation and number.
    pub fn id(&self) -> String {
        format!("{}-{:08}", self.sync_id, self.number)
    }
}

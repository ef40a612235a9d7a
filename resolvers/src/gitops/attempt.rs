//! Attempts to bring a target to what Git declares.

use std::sync::Arc;

use async_graphql::{Enum, InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use sluice_gitops_sync as service;
use sluice_schema::SyncId;

use crate::{
    declare::{children, ordered},
    fault::InputFault,
};

/// Why an attempt was made.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::Cause")]
pub enum SyncCause {
    /// A promotion declared something.
    Promotion,
    /// Infrastructure was provisioned.
    Infrastructure,
    /// Git declares something else, which nobody announced.
    Timer,
    /// The target was changed by hand.
    SelfHeal,
    /// Somebody asked for it.
    Command,
}

/// How an attempt ended.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::AttemptOutcome")]
pub enum AttemptOutcome {
    /// It has not.
    Running,
    /// The target holds what was declared.
    Succeeded,
    /// It does not.
    Failed,
}

/// One attempt to bring a target to what Git declares.
#[derive(SimpleObject, Debug, Clone)]
pub struct GitOpsSyncAttempt {
    /// Counts from 1 in its synchronisation.
    pub number: u32,
    /// The commit that was to be applied.
    pub revision: String,
    /// Why it was made.
    pub cause: SyncCause,
    /// Who made it: the subject of a token, or the name of a reacting service.
    pub created_by: String,
    /// Trace of the request that made it.
    pub trace_id: String,
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

impl From<Arc<service::SyncAttempt>> for GitOpsSyncAttempt {
    fn from(it: Arc<service::SyncAttempt>) -> Self {
        Self {
            number: it.number,
            revision: it.revision.clone(),
            cause: it.cause.into(),
            created_by: it.meta.created_by.clone(),
            trace_id: it.meta.trace_id.clone(),
            started_at: it.started_at,
            finished_at: it.finished_at,
            outcome: it.outcome.into(),
            applied: it.applied,
            pruned: it.pruned,
            code: it.code.clone(),
            reason: it.reason.clone(),
        }
    }
}

/// Which attempts a list shows; absent fields do not restrict.
#[derive(InputObject, Debug, Clone, Default)]
pub struct SyncAttemptFilter {
    /// That ended so.
    pub outcome: Option<AttemptOutcome>,
}

impl TryFrom<SyncAttemptFilter> for service::AttemptFilter {
    type Error = InputFault;
    fn try_from(filter: SyncAttemptFilter) -> Result<Self, InputFault> {
        Ok(Self {
            sync_id: None,
            outcome: filter.outcome.map(Into::into),
        })
    }
}

children! {
    /// A synchronisation's attempts.
    AttemptsOfSync: SyncId => GitOpsSyncAttempt = syncs.attempt_pages, attempt_counts;
}

ordered! {
    GitOpsSyncAttempt(service::SyncAttempt);
    filter SyncAttemptFilter -> service::AttemptFilter;
    order SyncAttemptOrder, SyncAttemptOrderField -> service::AttemptOrder {
        /// By number, which is the order in which they were made.
        Number,
    }
}

//! Attempts: part of their state, kept in a table of their own because there may be many.

use sea_orm::entity::prelude::*;
use sluice_kernel::{micros, time_of_micros};
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

use crate::SyncAttempt;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_attempt")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub project_id: String,
    pub module_id: Option<String>,
    pub version: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub created_by: String,
    pub updated_by: String,
    pub trace_id: String,
    pub correlation_id: String,
    pub sync_id: String,
    pub number: i64,
    pub revision: String,
    pub cause: String,
    pub started_at: i64,
    pub finished_at: Option<i64>,
    pub outcome: String,
    pub applied: i64,
    pub pruned: i64,
    pub code: Option<String>,
    pub reason: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("SyncAttempt");

impl From<&SyncAttempt> for Model {
    fn from(attempt: &SyncAttempt) -> Self {
        row_with_meta!(
            attempt.meta,
            Model {
                id: attempt.id(),
                sync_id: attempt.sync_id.to_string(),
                number: attempt.number.into(),
                revision: attempt.revision.clone(),
                cause: attempt.cause.as_str().to_owned(),
                started_at: micros(attempt.started_at),
                finished_at: attempt.finished_at.map(micros),
                outcome: attempt.outcome.as_str().to_owned(),
                applied: attempt.applied.into(),
                pruned: attempt.pruned.into(),
                code: attempt.code.clone(),
                reason: attempt.reason.clone(),
            }
        )
    }
}

impl TryFrom<Model> for SyncAttempt {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let damaged = |error: String| StoreError::damaged("SyncAttempt", error);
        let count = |value: i64| u32::try_from(value).unwrap_or_default();
        Ok(Self {
            meta: meta_of!("SyncAttempt", row)?,
            sync_id: row
                .sync_id
                .parse()
                .map_err(|e| StoreError::damaged("SyncAttempt", e))?,
            cause: row.cause.parse().map_err(damaged)?,
            outcome: row.outcome.parse().map_err(damaged)?,
            number: count(row.number),
            applied: count(row.applied),
            pruned: count(row.pruned),
            started_at: time_of_micros(row.started_at),
            finished_at: row.finished_at.map(time_of_micros),
            revision: row.revision,
            code: row.code,
            reason: row.reason,
        })
    }
}

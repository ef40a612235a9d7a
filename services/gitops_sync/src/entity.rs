//! The tables `gitops_sync_state` and `sync_attempt`.

pub(crate) mod attempt;

use sea_orm::entity::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use sluice_kernel::{micros, time_of_micros};
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

use crate::GitOpsSyncState;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "gitops_sync_state")]
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
    pub environment_id: String,
    pub environment: String,
    pub module: String,
    pub gitops_repository_id: String,
    pub gitops_repository: String,
    pub branch: String,
    pub path: String,
    pub sync: String,
    pub health: String,
    pub operation: String,
    pub promotion_id: String,
    pub promoted: String,
    pub desired: String,
    pub applied: Option<String>,
    pub attempted_revision: Option<String>,
    pub attempts: i64,
    pub failures: i64,
    pub reason: Option<String>,
    pub pending: Option<String>,
    pub retry_at: Option<i64>,
    pub given_up: Option<String>,
    pub unapplied: String,
    pub running: Option<String>,
    pub drift: String,
    pub drift_total: i64,
    pub drift_digest: Option<String>,
    pub paused: Option<String>,
    pub last_synced_at: Option<i64>,
    pub observed_at: Option<i64>,
    pub seen: Option<String>,
    pub due_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("GitOpsSyncState");

fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::damaged("GitOpsSyncState", error)
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(damaged)
}

fn from<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(damaged)
}

fn from_option<T: DeserializeOwned>(text: Option<&String>) -> Result<Option<T>, StoreError> {
    text.map(|text| from(text)).transpose()
}

fn count(value: i64) -> u32 {
    u32::try_from(value).unwrap_or_default()
}

impl TryFrom<&GitOpsSyncState> for Model {
    type Error = StoreError;

    fn try_from(state: &GitOpsSyncState) -> Result<Self, StoreError> {
        Ok(row_with_meta!(
            state.meta,
            Model {
                id: state.id.to_string(),
                environment_id: state.environment_id.to_string(),
                environment: state.environment.clone(),
                module: state.module.clone(),
                gitops_repository_id: state.gitops_repository_id.to_string(),
                gitops_repository: state.gitops_repository.clone(),
                branch: state.branch.clone(),
                path: state.path.clone(),
                sync: state.sync.as_str().to_owned(),
                health: state.health.as_str().to_owned(),
                operation: state.operation.as_str().to_owned(),
                promotion_id: state.promoted.promotion_id.to_string(),
                promoted: json(&state.promoted)?,
                desired: json(&state.desired)?,
                applied: state.applied.as_ref().map(json).transpose()?,
                attempted_revision: state.attempted_revision.clone(),
                attempts: state.attempts.into(),
                failures: state.failures.into(),
                reason: state.reason.clone(),
                pending: state.pending.as_ref().map(json).transpose()?,
                retry_at: state.retry_at.map(micros),
                given_up: state.given_up.clone(),
                unapplied: json(&state.unapplied)?,
                running: state.running.as_ref().map(json).transpose()?,
                drift: json(&state.drift)?,
                drift_total: state.drift_total.into(),
                drift_digest: state.drift_digest.clone(),
                paused: state.paused.as_ref().map(json).transpose()?,
                last_synced_at: state.last_synced_at.map(micros),
                observed_at: state.observed_at.map(micros),
                seen: state.seen.clone(),
                due_at: state.due_at().map(micros),
            }
        ))
    }
}

impl TryFrom<Model> for GitOpsSyncState {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            meta: meta_of!("GitOpsSyncState", row)?,
            id: row.id.parse().map_err(damaged)?,
            environment_id: row.environment_id.parse().map_err(damaged)?,
            gitops_repository_id: row.gitops_repository_id.parse().map_err(damaged)?,
            sync: row.sync.parse().map_err(damaged)?,
            health: row.health.parse().map_err(damaged)?,
            operation: row.operation.parse().map_err(damaged)?,
            promoted: from(&row.promoted)?,
            desired: from(&row.desired)?,
            applied: from_option(row.applied.as_ref())?,
            pending: from_option(row.pending.as_ref())?,
            unapplied: from(&row.unapplied)?,
            running: from_option(row.running.as_ref())?,
            paused: from_option(row.paused.as_ref())?,
            drift: from(&row.drift)?,
            attempts: count(row.attempts),
            failures: count(row.failures),
            drift_total: count(row.drift_total),
            retry_at: row.retry_at.map(time_of_micros),
            last_synced_at: row.last_synced_at.map(time_of_micros),
            observed_at: row.observed_at.map(time_of_micros),
            environment: row.environment,
            module: row.module,
            gitops_repository: row.gitops_repository,
            branch: row.branch,
            path: row.path,
            attempted_revision: row.attempted_revision,
            reason: row.reason,
            given_up: row.given_up,
            drift_digest: row.drift_digest,
            seen: row.seen,
        })
    }
}

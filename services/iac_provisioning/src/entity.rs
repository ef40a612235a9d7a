//! The `infrastructure_plan` table.

pub(crate) mod log;

use sea_orm::entity::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use sluice_kernel::{micros, time_of_micros};
use sluice_schema::ErrorCode;
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

use crate::InfrastructurePlan;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "infrastructure_plan")]
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
    pub release_id: String,
    pub environment_id: String,
    pub environment: String,
    pub module: String,
    pub repository_id: String,
    pub repository_name: String,
    pub commit_sha: String,
    pub program_digest: String,
    pub attempt: i32,
    pub operation: String,
    pub status: String,
    pub settings: String,
    pub plan: Option<String>,
    pub state_serial: i64,
    pub changes: String,
    pub code: Option<String>,
    pub reason: Option<String>,
    pub failed_urn: Option<String>,
    pub outputs: String,
    pub drift: String,
    pub refreshed_at: Option<i64>,
    pub finished_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("InfrastructurePlan");

fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::damaged("InfrastructurePlan", error)
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(damaged)
}

fn of_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(damaged)
}

impl TryFrom<&InfrastructurePlan> for Model {
    type Error = StoreError;

    fn try_from(plan: &InfrastructurePlan) -> Result<Self, StoreError> {
        Ok(row_with_meta!(
            plan.meta,
            Model {
                id: plan.id.to_string(),
                release_id: plan.release_id.to_string(),
                environment_id: plan.environment_id.to_string(),
                environment: plan.environment.clone(),
                module: plan.module.clone(),
                repository_id: plan.repository_id.to_string(),
                repository_name: plan.repository_name.clone(),
                commit_sha: plan.commit_sha.clone(),
                program_digest: plan.program_digest.clone(),
                attempt: i32::try_from(plan.attempt).unwrap_or(i32::MAX),
                operation: plan.operation.as_str().to_owned(),
                status: plan.status.as_str().to_owned(),
                settings: json(&plan.settings)?,
                plan: plan.plan.as_ref().map(json).transpose()?,
                state_serial: i64::try_from(plan.state_serial).unwrap_or(i64::MAX),
                changes: json(&plan.changes)?,
                code: plan.code.map(|code| code.as_str().to_owned()),
                reason: plan.reason.clone(),
                failed_urn: plan.failed_urn.clone(),
                outputs: json(&plan.outputs)?,
                drift: json(&plan.drift)?,
                refreshed_at: plan.refreshed_at.map(micros),
                finished_at: plan.finished_at.map(micros),
            }
        ))
    }
}

impl TryFrom<Model> for InfrastructurePlan {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            meta: meta_of!("InfrastructurePlan", row)?,
            id: row.id.parse().map_err(damaged)?,
            release_id: row.release_id.parse().map_err(damaged)?,
            environment_id: row.environment_id.parse().map_err(damaged)?,
            repository_id: row.repository_id.parse().map_err(damaged)?,
            attempt: u32::try_from(row.attempt).map_err(damaged)?,
            operation: row.operation.parse().map_err(damaged)?,
            status: row.status.parse().map_err(damaged)?,
            settings: of_json(&row.settings)?,
            plan: row.plan.as_deref().map(of_json).transpose()?,
            state_serial: u64::try_from(row.state_serial).map_err(damaged)?,
            changes: of_json(&row.changes)?,
            code: row.code.as_deref().map(code).transpose()?,
            outputs: of_json(&row.outputs)?,
            drift: of_json(&row.drift)?,
            refreshed_at: row.refreshed_at.map(time_of_micros),
            finished_at: row.finished_at.map(time_of_micros),
            environment: row.environment,
            module: row.module,
            repository_name: row.repository_name,
            commit_sha: row.commit_sha,
            program_digest: row.program_digest,
            reason: row.reason,
            failed_urn: row.failed_urn,
        })
    }
}

fn code(text: &str) -> Result<ErrorCode, StoreError> {
    let known = ErrorCode::ALL.iter().find(|code| code.as_str() == text);
    known
        .copied()
        .ok_or_else(|| damaged(format!("unknown error code '{text}'")))
}

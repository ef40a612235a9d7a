//! The `environment_promotion` table.

use sea_orm::entity::prelude::*;
use sluice_kernel::{micros, time_of_micros};
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

use super::{from_text, parse, parse_some, to_text};
use crate::EnvironmentPromotion;

const KIND: &str = "EnvironmentPromotion";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "environment_promotion")]
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
    pub release_name: String,
    pub release_version: String,
    pub environment_id: String,
    pub environment: String,
    pub attempt: i64,
    pub kind: String,
    pub automatic: bool,
    pub status: String,
    pub blockers: String,
    pub overridden: Option<String>,
    pub modules: String,
    pub items: String,
    pub gitops_repository_id: Option<String>,
    pub gitops_repository: Option<String>,
    pub branch: Option<String>,
    pub commit_sha: Option<String>,
    pub previous: Option<String>,
    pub rollback_of: Option<String>,
    pub restored: Option<String>,
    pub rollback_reason: Option<String>,
    pub code: Option<String>,
    pub reason: Option<String>,
    pub started_at: Option<i64>,
    pub promoted_at: Option<i64>,
    pub succeeded_at: Option<i64>,
    pub finished_at: Option<i64>,
    pub verify_until: Option<i64>,
    pub caused_by: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("EnvironmentPromotion");

impl TryFrom<&EnvironmentPromotion> for Model {
    type Error = StoreError;

    fn try_from(it: &EnvironmentPromotion) -> Result<Self, StoreError> {
        let overridden = it.overridden.as_ref();
        Ok(row_with_meta!(
            it.meta,
            Model {
                id: it.id.to_string(),
                release_id: it.release_id.to_string(),
                release_name: it.release_name.clone(),
                release_version: it.release_version.clone(),
                environment_id: it.environment_id.to_string(),
                environment: it.environment.clone(),
                attempt: i64::from(it.attempt),
                kind: it.kind.as_str().to_owned(),
                automatic: it.automatic,
                status: it.status.as_str().to_owned(),
                blockers: to_text(KIND, &it.blockers)?,
                overridden: overridden.map(|it| to_text(KIND, it)).transpose()?,
                modules: to_text(KIND, &it.modules)?,
                items: to_text(KIND, &it.items)?,
                gitops_repository_id: it.gitops_repository_id.map(|id| id.to_string()),
                gitops_repository: it.gitops_repository.clone(),
                branch: it.branch.clone(),
                commit_sha: it.commit_sha.clone(),
                previous: it.previous.map(|id| id.to_string()),
                rollback_of: it.rollback_of.map(|id| id.to_string()),
                restored: it.restored.map(|id| id.to_string()),
                rollback_reason: it.rollback_reason.clone(),
                code: it.code.clone(),
                reason: it.reason.clone(),
                started_at: it.started_at.map(micros),
                promoted_at: it.promoted_at.map(micros),
                succeeded_at: it.succeeded_at.map(micros),
                finished_at: it.finished_at.map(micros),
                verify_until: it.verify_until.map(micros),
                caused_by: it.caused_by.map(|id| id.to_string()),
            }
        ))
    }
}

impl TryFrom<Model> for EnvironmentPromotion {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let overridden = row.overridden.as_ref();
        Ok(Self {
            id: parse(KIND, &row.id)?,
            meta: meta_of!("EnvironmentPromotion", row)?,
            release_id: parse(KIND, &row.release_id)?,
            environment_id: parse(KIND, &row.environment_id)?,
            attempt: u32::try_from(row.attempt).map_err(|e| StoreError::damaged(KIND, e))?,
            kind: parse(KIND, &row.kind)?,
            automatic: row.automatic,
            status: parse(KIND, &row.status)?,
            blockers: from_text(KIND, &row.blockers)?,
            overridden: overridden.map(|text| from_text(KIND, text)).transpose()?,
            modules: from_text(KIND, &row.modules)?,
            items: from_text(KIND, &row.items)?,
            gitops_repository_id: parse_some(KIND, row.gitops_repository_id.as_ref())?,
            previous: parse_some(KIND, row.previous.as_ref())?,
            rollback_of: parse_some(KIND, row.rollback_of.as_ref())?,
            restored: parse_some(KIND, row.restored.as_ref())?,
            caused_by: parse_some(KIND, row.caused_by.as_ref())?,
            started_at: row.started_at.map(time_of_micros),
            promoted_at: row.promoted_at.map(time_of_micros),
            succeeded_at: row.succeeded_at.map(time_of_micros),
            finished_at: row.finished_at.map(time_of_micros),
            verify_until: row.verify_until.map(time_of_micros),
            release_name: row.release_name,
            release_version: row.release_version,
            environment: row.environment,
            gitops_repository: row.gitops_repository,
            branch: row.branch,
            commit_sha: row.commit_sha,
            rollback_reason: row.rollback_reason,
            code: row.code,
            reason: row.reason,
        })
    }
}

//! The `branch` table.

use sea_orm::entity::prelude::*;
use sluice_schema::events::BranchPolicy;
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

use crate::{Branch, BranchStatus};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "branch")]
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
    pub repository_id: String,
    pub repository_name: String,
    pub name: String,
    /// Empty until it is deleted, its id then: the name is unique among those not deleted.
    pub deleted_marker: String,
    pub head_sha: String,
    pub from_commit_sha: String,
    pub is_protected: bool,
    pub required_approvals: i64,
    /// A JSON list.
    pub required_checks: String,
    pub is_default: bool,
    pub status: String,
    pub reason: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("Branch");

impl From<&Branch> for Model {
    fn from(branch: &Branch) -> Self {
        let marker = match branch.status {
            BranchStatus::Deleted => branch.id.to_string(),
            _ => String::new(),
        };
        row_with_meta!(
            branch.meta,
            Model {
                id: branch.id.to_string(),
                repository_id: branch.repository_id.to_string(),
                repository_name: branch.repository_name.clone(),
                name: branch.name.clone(),
                deleted_marker: marker,
                head_sha: branch.head_sha.clone(),
                from_commit_sha: branch.from_commit_sha.clone(),
                is_protected: branch.policy.is_protected,
                required_approvals: branch.policy.required_approvals.into(),
                required_checks: serde_json::Value::from(branch.policy.required_checks.clone())
                    .to_string(),
                is_default: branch.is_default,
                status: branch.status.as_str().to_owned(),
                reason: branch.reason.clone(),
            }
        )
    }
}

fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::damaged("Branch", error)
}

impl TryFrom<Model> for Branch {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            meta: meta_of!("Branch", row)?,
            id: row.id.parse().map_err(damaged)?,
            repository_id: row.repository_id.parse().map_err(damaged)?,
            policy: BranchPolicy {
                is_protected: row.is_protected,
                required_approvals: row.required_approvals.try_into().map_err(damaged)?,
                required_checks: serde_json::from_str(&row.required_checks).map_err(damaged)?,
            },
            status: row.status.parse().map_err(damaged)?,
            repository_name: row.repository_name,
            name: row.name,
            head_sha: row.head_sha,
            from_commit_sha: row.from_commit_sha,
            is_default: row.is_default,
            reason: row.reason,
        })
    }
}

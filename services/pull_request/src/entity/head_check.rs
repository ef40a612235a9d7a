//! The `head_check` table: checks of commits, whether or not they head a pull request yet.

use sea_orm::entity::prelude::*;
use sluice_kernel::{micros, time_of_micros};
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

use crate::model::{Check, HeadCheck};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "head_check")]
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
    pub sha: String,
    pub name: String,
    pub state: String,
    pub detail: Option<String>,
    pub build_id: Option<String>,
    pub at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("HeadCheck");

impl From<&HeadCheck> for Model {
    fn from(it: &HeadCheck) -> Self {
        let check = &it.check;
        row_with_meta!(
            it.meta,
            Model {
                id: HeadCheck::id(it.repository_id, &check.sha, &check.name),
                repository_id: it.repository_id.to_string(),
                sha: check.sha.clone(),
                name: check.name.clone(),
                state: check.state.as_str().to_owned(),
                detail: check.detail.clone(),
                build_id: check.build_id.as_ref().map(ToString::to_string),
                at: micros(check.at),
            }
        )
    }
}

impl TryFrom<Model> for HeadCheck {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let damaged = |error| StoreError::damaged("HeadCheck", error);
        let build_id = row.build_id.as_deref().map(str::parse).transpose();
        Ok(Self {
            meta: meta_of!("HeadCheck", row)?,
            repository_id: row.repository_id.parse().map_err(damaged)?,
            check: Check {
                name: row.name,
                state: row
                    .state
                    .parse()
                    .map_err(|e: String| StoreError::damaged("HeadCheck", e))?,
                sha: row.sha,
                detail: row.detail,
                build_id: build_id.map_err(damaged)?,
                at: time_of_micros(row.at),
            },
        })
    }
}

//! The `project` table.

use sea_orm::entity::prelude::*;
use sluice_kernel::{Meta, ProjectPolicies};
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

use crate::Project;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "project")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: String,
    // The project's name.
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
    // JSON; a setting that a row does not know has its default.
    pub policies: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("Project");

impl TryFrom<(&Meta, &ProjectPolicies)> for Model {
    type Error = StoreError;

    fn try_from((meta, policies): (&Meta, &ProjectPolicies)) -> Result<Self, StoreError> {
        let policies = serde_json::to_string(policies)
            .map_err(|error| StoreError::damaged("Project", error))?;
        Ok(row_with_meta!(
            *meta,
            Model {
                id: meta.project_id.to_string(),
                policies: policies,
            }
        ))
    }
}

impl TryFrom<Model> for Project {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let meta = meta_of!("Project", row)?;
        Ok(Self {
            id: meta.project_id.clone(),
            meta: Some(meta),
            policies: serde_json::from_str(&row.policies)
                .map_err(|error| StoreError::damaged("Project", error))?,
        })
    }
}

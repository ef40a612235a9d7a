//! The `pipeline_generation` table. Its id is its key: repository and commit.

use sea_orm::entity::prelude::*;
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

use crate::model::Generation;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pipeline_generation")]
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
    pub pipeline_id: String,
    pub branch: String,
    pub default_branch: String,
    pub pull_request_id: Option<String>,
    pub status: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("PipelineGeneration");

impl From<&Generation> for Model {
    fn from(generation: &Generation) -> Self {
        row_with_meta!(
            generation.meta,
            Model {
                id: generation.key.to_string(),
                pipeline_id: generation.pipeline_id.to_string(),
                branch: generation.branch.clone(),
                default_branch: generation.default_branch.clone(),
                pull_request_id: generation.pull_request_id.map(|id| id.to_string()),
                status: generation.status.as_str().to_owned(),
            }
        )
    }
}

fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::damaged("PipelineGeneration", error)
}

impl TryFrom<Model> for Generation {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let pull_request = row.pull_request_id.as_deref().map(str::parse);
        Ok(Self {
            meta: meta_of!("PipelineGeneration", row)?,
            key: row.id.parse().map_err(damaged)?,
            pipeline_id: row.pipeline_id.parse().map_err(damaged)?,
            pull_request_id: pull_request.transpose().map_err(damaged)?,
            status: row.status.parse().map_err(damaged)?,
            branch: row.branch,
            default_branch: row.default_branch,
        })
    }
}

//! The `pipeline_definition` table.

pub(crate) mod generation;

use sea_orm::entity::prelude::*;
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

use crate::PipelineDefinition;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pipeline_definition")]
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
    pub branch: String,
    pub commit_sha: String,
    /// A JSON object.
    pub module: Option<String>,
    pub module_digest: Option<String>,
    pub content_digest: String,
    pub yaml: Option<String>,
    pub yaml_path: Option<String>,
    pub definition_sha: Option<String>,
    pub status: String,
    /// A JSON list.
    pub findings: String,
    pub pull_request_id: Option<String>,
    pub auto_run: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("PipelineDefinition");

fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::damaged("PipelineDefinition", error)
}

impl TryFrom<&PipelineDefinition> for Model {
    type Error = StoreError;

    fn try_from(definition: &PipelineDefinition) -> Result<Self, StoreError> {
        let module = definition.module.as_ref().map(serde_json::to_string);
        let module = module.transpose().map_err(damaged)?;
        let findings = serde_json::to_string(&definition.findings).map_err(damaged)?;
        Ok(row_with_meta!(
            definition.meta,
            Model {
                id: definition.id.to_string(),
                repository_id: definition.repository_id.to_string(),
                repository_name: definition.repository_name.clone(),
                branch: definition.branch.clone(),
                commit_sha: definition.commit_sha.clone(),
                module: module,
                module_digest: definition.module_digest.clone(),
                content_digest: definition.content_digest.clone(),
                yaml: definition.yaml.clone(),
                yaml_path: definition.yaml_path.clone(),
                definition_sha: definition.definition_sha.clone(),
                status: definition.status.as_str().to_owned(),
                findings: findings,
                pull_request_id: definition.pull_request_id.map(|id| id.to_string()),
                auto_run: definition.auto_run,
            }
        ))
    }
}

impl TryFrom<Model> for PipelineDefinition {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let module = row.module.as_deref().map(serde_json::from_str);
        let pull_request = row.pull_request_id.as_deref().map(str::parse);
        Ok(Self {
            meta: meta_of!("PipelineDefinition", row)?,
            id: row.id.parse().map_err(damaged)?,
            repository_id: row.repository_id.parse().map_err(damaged)?,
            module: module.transpose().map_err(damaged)?,
            status: row.status.parse().map_err(damaged)?,
            findings: serde_json::from_str(&row.findings).map_err(damaged)?,
            pull_request_id: pull_request.transpose().map_err(damaged)?,
            repository_name: row.repository_name,
            branch: row.branch,
            commit_sha: row.commit_sha,
            module_digest: row.module_digest,
            content_digest: row.content_digest,
            yaml: row.yaml,
            yaml_path: row.yaml_path,
            definition_sha: row.definition_sha,
            auto_run: row.auto_run,
        })
    }
}

//! The `repository` table.

use sea_orm::entity::prelude::*;
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

use crate::Repository;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "repository")]
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
    pub name: String,
    pub description: Option<String>,
    pub provider: String,
    pub remote_url: String,
    pub default_branch: String,
    pub visibility: String,
    pub status: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("Repository");

impl From<&Repository> for Model {
    fn from(repository: &Repository) -> Self {
        row_with_meta!(
            repository.meta,
            Model {
                id: repository.id.to_string(),
                name: repository.name.clone(),
                description: repository.description.clone(),
                provider: repository.provider.as_str().to_owned(),
                remote_url: repository.remote_url.clone(),
                default_branch: repository.default_branch.clone(),
                visibility: repository.visibility.as_str().to_owned(),
                status: repository.status.as_str().to_owned(),
            }
        )
    }
}

impl TryFrom<Model> for Repository {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let damaged = |error: String| StoreError::damaged("Repository", error);
        Ok(Self {
            meta: meta_of!("Repository", row)?,
            id: row
                .id
                .parse()
                .map_err(|e| StoreError::damaged("Repository", e))?,
            provider: row.provider.parse().map_err(damaged)?,
            visibility: row.visibility.parse().map_err(damaged)?,
            status: row.status.parse().map_err(damaged)?,
            name: row.name,
            description: row.description,
            remote_url: row.remote_url,
            default_branch: row.default_branch,
        })
    }
}

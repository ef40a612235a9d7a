//! The files of manifests: beside them, because lists of manifests do not show them.

use sea_orm::entity::prelude::*;
use sluice_kernel::Meta;
use sluice_store::{StoreError, aggregate_entity, row_with_meta};

use crate::model::Kept;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "manifest_content")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: String,
    /// The manifest's id.
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
    /// A JSON list.
    pub files: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("ManifestContent");

fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::damaged("ManifestContent", error)
}

pub(crate) fn row(meta: &Meta, id: &str, kept: &Kept) -> Result<Model, StoreError> {
    let files = serde_json::to_string(&kept.files).map_err(damaged)?;
    Ok(row_with_meta!(
        meta,
        Model {
            id: id.to_owned(),
            files: files,
        }
    ))
}

impl TryFrom<Model> for Kept {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let files = serde_json::from_str(&row.files).map_err(damaged)?;
        Ok(Self { files })
    }
}

//! The `environment` table.

use sea_orm::entity::prelude::*;
use sluice_kernel::micros;
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

use super::{from_text, parse, to_text};
use crate::Environment;

const KIND: &str = "Environment";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "environment")]
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
    pub rank: i64,
    pub retired: bool,
    pub spec: String,
    pub target_digest: String,
    pub holds: String,
    pub next_hold_end: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("Environment");

impl TryFrom<&Environment> for Model {
    type Error = StoreError;

    fn try_from(it: &Environment) -> Result<Self, StoreError> {
        Ok(row_with_meta!(
            it.meta,
            Model {
                id: it.id.to_string(),
                name: it.name.clone(),
                rank: i64::from(it.spec.order),
                retired: it.spec.retired,
                spec: to_text(KIND, &it.spec)?,
                target_digest: it.target_digest.clone(),
                holds: to_text(KIND, &it.holds)?,
                next_hold_end: it.next_hold_end().map(micros),
            }
        ))
    }
}

impl TryFrom<Model> for Environment {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: parse(KIND, &row.id)?,
            meta: meta_of!("Environment", row)?,
            spec: from_text(KIND, &row.spec)?,
            holds: from_text(KIND, &row.holds)?,
            name: row.name,
            target_digest: row.target_digest,
        })
    }
}

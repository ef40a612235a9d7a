//! The `promotion_slot` table.

use sea_orm::entity::prelude::*;
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

use super::{parse, parse_some};
use crate::model::Slot;

const KIND: &str = "PromotionSlot";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "promotion_slot")]
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
    pub environment_id: String,
    pub module: String,
    pub active: Option<String>,
    pub declared: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("PromotionSlot");

impl From<&Slot> for Model {
    fn from(it: &Slot) -> Self {
        row_with_meta!(
            it.meta,
            Model {
                id: it.id.clone(),
                environment_id: it.environment_id.to_string(),
                module: it.module.clone(),
                active: it.active.map(|id| id.to_string()),
                declared: it.declared.map(|id| id.to_string()),
            }
        )
    }
}

impl TryFrom<Model> for Slot {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            meta: meta_of!("PromotionSlot", row)?,
            environment_id: parse(KIND, &row.environment_id)?,
            active: parse_some(KIND, row.active.as_ref())?,
            declared: parse_some(KIND, row.declared.as_ref())?,
            id: row.id,
            module: row.module,
        })
    }
}

//! The `infrastructure_log` table: the events of one provisioning, apart from its plan because
//! lists have no use for them. A row has the id of its plan.

use sea_orm::entity::prelude::*;
use sluice_kernel::micros;
use sluice_store::aggregate_entity;

use crate::InfrastructurePlan;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "infrastructure_log")]
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
    pub events: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("InfrastructureLog");

/// The row of a plan's events, a JSON list.
pub(crate) fn row(plan: &InfrastructurePlan, events: String) -> Model {
    let meta = &plan.meta;
    Model {
        tenant_id: meta.tenant_id.to_string(),
        id: plan.id.to_string(),
        project_id: meta.project_id.to_string(),
        module_id: meta.module_id.as_ref().map(ToString::to_string),
        version: 1,
        created_at: micros(meta.updated_at),
        updated_at: micros(meta.updated_at),
        created_by: meta.updated_by.clone(),
        updated_by: meta.updated_by.clone(),
        trace_id: meta.trace_id.clone(),
        correlation_id: meta.correlation_id.clone(),
        events,
    }
}

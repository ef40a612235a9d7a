//! A small aggregate over the `repository` table, to drive the store with.

use sea_orm::entity::prelude::*;
use sluice_kernel::{Ctx, Direction, Meta, page::CursorValue};
use sluice_schema::{NewEvent, RepositoryId, TypedId, events::RepositoryArchived};
use sluice_store::{Order, aggregate_entity, row_with_meta};

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

pub(crate) fn thing(ctx: &Ctx, project: &str, name: &str) -> Model {
    let now = sluice_kernel::Clock::now(&sluice_kernel::SystemClock);
    let meta = Meta::new(ctx, now, project.parse().unwrap(), None);
    row_with_meta!(
        meta,
        Model {
            id: RepositoryId::generate().to_string(),
            name: name.to_owned(),
            description: None,
            provider: "LOCAL".to_owned(),
            remote_url: String::new(),
            default_branch: "main".to_owned(),
            visibility: "PRIVATE".to_owned(),
            status: "PROVISIONED".to_owned(),
        }
    )
}

pub(crate) fn event(row: &Model) -> NewEvent {
    let payload = RepositoryArchived {
        repository_id: row.id.parse().unwrap(),
        name: row.name.clone(),
    };
    NewEvent::of(&row.project_id.parse().unwrap(), None, &payload).unwrap()
}

pub(crate) fn by_name(direction: Direction) -> Order<Entity> {
    let value_of = |row: &Model| CursorValue::Text(row.name.clone());
    Order {
        name: "NAME",
        column: Column::Name,
        direction,
        value_of,
    }
}

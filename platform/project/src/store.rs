//! Finders and saves of projects: the only code of the crate that names columns.

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, Meta, ProjectPolicies, page::CursorValue};
use sluice_schema::ProjectId;
use sluice_store::{Listing, Order, Store, StoreError, Tx};

use crate::{
    Project,
    entity::{Column, Entity, Model},
};

/// Which projects a list shows; absent fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ProjectFilter {
    /// Of this name.
    pub project_id: Option<ProjectId>,
}

/// The orders of a list of projects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ProjectOrder {
    /// By first configuration.
    #[default]
    CreatedAt,
    /// By last change.
    UpdatedAt,
    /// By name.
    Name,
}

impl ProjectOrder {
    /// Its name in cursors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "CREATED_AT",
            Self::UpdatedAt => "UPDATED_AT",
            Self::Name => "NAME",
        }
    }
}

pub(crate) struct ProjectList;

impl Listing for ProjectList {
    type Entity = Entity;
    type Aggregate = Project;
    type Filter = ProjectFilter;
    type Order = ProjectOrder;

    fn condition(filter: &ProjectFilter) -> Condition {
        let project = filter.project_id.as_ref();
        Condition::all().add_option(project.map(|id| Column::ProjectId.eq(id.as_str())))
    }

    fn order(order: ProjectOrder, direction: Direction) -> Order<Entity> {
        let (column, value_of): (Column, fn(&Model) -> CursorValue) = match order {
            ProjectOrder::CreatedAt => (Column::CreatedAt, |row| {
                CursorValue::Integer(row.created_at)
            }),
            ProjectOrder::UpdatedAt => (Column::UpdatedAt, |row| {
                CursorValue::Integer(row.updated_at)
            }),
            ProjectOrder::Name => (Column::Id, |row| CursorValue::Text(row.id.clone())),
        };
        Order {
            name: order.name(),
            column,
            direction,
            value_of,
        }
    }
}

/// The configured ones of these projects, in one statement.
pub(crate) async fn find_many(
    store: &Store,
    ctx: &Ctx,
    projects: &[ProjectId],
) -> Result<Vec<Project>, StoreError> {
    let ids = projects.iter().map(ToString::to_string);
    let rows = store.find::<Entity>(ctx).by_ids(ids).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(crate) async fn insert(
    tx: &Tx,
    meta: &Meta,
    policies: &ProjectPolicies,
) -> Result<(), StoreError> {
    tx.insert::<Entity>((meta, policies).try_into()?).await
}

pub(crate) async fn update(
    tx: &Tx,
    meta: &mut Meta,
    policies: &ProjectPolicies,
) -> Result<(), StoreError> {
    let row = Model::try_from((&*meta, policies))?;
    meta.version = tx.update::<Entity>(row).await?;
    Ok(())
}

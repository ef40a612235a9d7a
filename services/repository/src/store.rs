//! Finders and saves of repositories: the only code of the service that names columns.

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, page::CursorValue};
use sluice_schema::ProjectId;
use sluice_store::{Listing, Order, Store, StoreError, Tx};

use crate::{
    Repository, RepositoryStatus,
    entity::{Column, Entity, Model},
};

/// Which repositories a list shows; absent fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct RepositoryFilter {
    /// Of this project.
    pub project_id: Option<ProjectId>,
    /// Of this name.
    pub name: Option<String>,
    /// Of this status.
    pub status: Option<RepositoryStatus>,
}

/// The orders of a list of repositories.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum RepositoryOrder {
    /// By creation.
    #[default]
    CreatedAt,
    /// By last change.
    UpdatedAt,
    /// By name.
    Name,
}

impl RepositoryOrder {
    /// Its name in cursors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "CREATED_AT",
            Self::UpdatedAt => "UPDATED_AT",
            Self::Name => "NAME",
        }
    }
}

pub(crate) struct RepositoryList;

impl Listing for RepositoryList {
    type Entity = Entity;
    type Aggregate = Repository;
    type Filter = RepositoryFilter;
    type Order = RepositoryOrder;

    fn condition(filter: &RepositoryFilter) -> Condition {
        Condition::all()
            .add_option(
                filter
                    .project_id
                    .as_ref()
                    .map(|id| Column::ProjectId.eq(id.as_str())),
            )
            .add_option(
                filter
                    .name
                    .as_ref()
                    .map(|name| Column::Name.eq(name.as_str())),
            )
            .add_option(
                filter
                    .status
                    .map(|status| Column::Status.eq(status.as_str())),
            )
    }

    fn order(order: RepositoryOrder, direction: Direction) -> Order<Entity> {
        let (column, value_of): (Column, fn(&Model) -> CursorValue) = match order {
            RepositoryOrder::CreatedAt => (Column::CreatedAt, |row| {
                CursorValue::Integer(row.created_at)
            }),
            RepositoryOrder::UpdatedAt => (Column::UpdatedAt, |row| {
                CursorValue::Integer(row.updated_at)
            }),
            RepositoryOrder::Name => (Column::Name, |row| CursorValue::Text(row.name.clone())),
        };
        Order {
            name: order.name(),
            column,
            direction,
            value_of,
        }
    }
}

pub(crate) async fn find_by_name(
    store: &Store,
    ctx: &Ctx,
    project: &ProjectId,
    name: &str,
) -> Result<Option<Repository>, StoreError> {
    let condition = Condition::all()
        .add(Column::ProjectId.eq(project.as_str()))
        .add(Column::Name.eq(name));
    store.list::<RepositoryList>(ctx).one(condition).await
}

/// Repositories of every tenant that were announced and not confirmed.
pub(crate) async fn provisioning(store: &Store, limit: u64) -> Result<Vec<Repository>, StoreError> {
    let condition =
        Condition::all().add(Column::Status.eq(RepositoryStatus::Provisioning.as_str()));
    store
        .list_everywhere::<RepositoryList>(condition, limit)
        .await
}

pub(crate) async fn insert(tx: &Tx, repository: &Repository) -> Result<(), StoreError> {
    tx.insert::<Entity>(repository.into()).await
}

pub(crate) async fn update(tx: &Tx, repository: &mut Repository) -> Result<(), StoreError> {
    repository.meta.version = tx.update::<Entity>((&*repository).into()).await?;
    Ok(())
}

//! Finders and saves of repositories: the only code of the service that names columns.

use std::sync::Arc;

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, Page, PageRequest, page::CursorValue};
use sluice_schema::{ProjectId, RepositoryId};
use sluice_store::{Order, Store, StoreError, Tx};

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

impl RepositoryFilter {
    fn condition(&self) -> Condition {
        Condition::all()
            .add_option(
                self.project_id
                    .as_ref()
                    .map(|id| Column::ProjectId.eq(id.as_str())),
            )
            .add_option(
                self.name
                    .as_ref()
                    .map(|name| Column::Name.eq(name.as_str())),
            )
            .add_option(self.status.map(|status| Column::Status.eq(status.as_str())))
    }
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

    fn order(self, direction: Direction) -> Order<Entity> {
        let (column, value_of): (Column, fn(&Model) -> CursorValue) = match self {
            Self::CreatedAt => (Column::CreatedAt, |row| {
                CursorValue::Integer(row.created_at)
            }),
            Self::UpdatedAt => (Column::UpdatedAt, |row| {
                CursorValue::Integer(row.updated_at)
            }),
            Self::Name => (Column::Name, |row| CursorValue::Text(row.name.clone())),
        };
        Order {
            name: self.name(),
            column,
            direction,
            value_of,
        }
    }
}

fn models(rows: Vec<Model>) -> Result<Vec<Arc<Repository>>, StoreError> {
    rows.into_iter()
        .map(|row| Ok(Arc::new(row.try_into()?)))
        .collect()
}

pub(crate) async fn find(
    store: &Store,
    ctx: &Ctx,
    id: RepositoryId,
) -> Result<Option<Repository>, StoreError> {
    store
        .find::<Entity>(ctx)
        .by_id(&id.to_string())
        .await?
        .map(TryInto::try_into)
        .transpose()
}

pub(crate) async fn find_many(
    store: &Store,
    ctx: &Ctx,
    ids: &[RepositoryId],
) -> Result<Vec<Arc<Repository>>, StoreError> {
    models(
        store
            .find::<Entity>(ctx)
            .by_ids(ids.iter().map(ToString::to_string))
            .await?,
    )
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
    store
        .find::<Entity>(ctx)
        .one(condition)
        .await?
        .map(TryInto::try_into)
        .transpose()
}

pub(crate) async fn page(
    store: &Store,
    ctx: &Ctx,
    filter: &RepositoryFilter,
    (order, direction): (RepositoryOrder, Direction),
    request: &PageRequest,
) -> Result<Page<Arc<Repository>>, StoreError> {
    let order = order.order(direction);
    let page = store
        .find::<Entity>(ctx)
        .page(filter.condition(), &order, request)
        .await?;
    let Page {
        items,
        cursors,
        has_next,
        has_previous,
    } = page;
    Ok(Page {
        items: models(items)?,
        cursors,
        has_next,
        has_previous,
    })
}

pub(crate) async fn count(
    store: &Store,
    ctx: &Ctx,
    filter: &RepositoryFilter,
) -> Result<u64, StoreError> {
    store.find::<Entity>(ctx).count(filter.condition()).await
}

/// Repositories of every tenant that were announced and not confirmed.
pub(crate) async fn provisioning(store: &Store, limit: u64) -> Result<Vec<Repository>, StoreError> {
    let condition =
        Condition::all().add(Column::Status.eq(RepositoryStatus::Provisioning.as_str()));
    let rows = store.find_everywhere::<Entity>(condition, limit).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(crate) async fn insert(tx: &Tx, repository: &Repository) -> Result<(), StoreError> {
    tx.insert::<Entity>(repository.into()).await
}

pub(crate) async fn update(tx: &Tx, repository: &mut Repository) -> Result<(), StoreError> {
    repository.meta.version = tx.update::<Entity>((&*repository).into()).await?;
    Ok(())
}

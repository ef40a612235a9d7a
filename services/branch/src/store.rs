//! Finders and saves of branches: the only code of the service that names columns.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, Page, PageRequest, page::CursorValue};
use sluice_schema::{BranchId, ProjectId, RepositoryId};
use sluice_store::{Finder, Order, Store, StoreError, Tx, in_set};

use crate::{
    Branch, BranchStatus,
    entity::{Column, Entity, Model},
};

/// Which branches a list shows; absent fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct BranchFilter {
    /// Of this project.
    pub project_id: Option<ProjectId>,
    /// Of this repository.
    pub repository_id: Option<RepositoryId>,
    /// Of this name.
    pub name: Option<String>,
    /// Of this status.
    pub status: Option<BranchStatus>,
    /// Default branches, or the others.
    pub is_default: Option<bool>,
    /// Protected branches, or the others.
    pub is_protected: Option<bool>,
    /// Also the deleted ones, which are left out otherwise unless `status` asks for them.
    pub include_deleted: bool,
}

/// The orders of a list of branches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum BranchOrder {
    /// By creation.
    #[default]
    CreatedAt,
    /// By last change.
    UpdatedAt,
    /// By name.
    Name,
}

impl BranchFilter {
    fn condition(&self) -> Condition {
        let without_deleted = self.status.is_none() && !self.include_deleted;
        Condition::all()
            .add_option(
                self.project_id
                    .as_ref()
                    .map(|id| Column::ProjectId.eq(id.as_str())),
            )
            .add_option(
                self.repository_id
                    .map(|id| Column::RepositoryId.eq(id.to_string())),
            )
            .add_option(
                self.name
                    .as_ref()
                    .map(|name| Column::Name.eq(name.as_str())),
            )
            .add_option(self.status.map(|status| Column::Status.eq(status.as_str())))
            .add_option(self.is_default.map(|yes| Column::IsDefault.eq(yes)))
            .add_option(self.is_protected.map(|yes| Column::IsProtected.eq(yes)))
            .add_option(without_deleted.then(|| Column::DeletedMarker.eq("")))
    }
}

impl BranchOrder {
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

fn models(rows: Vec<Model>) -> Result<Vec<Arc<Branch>>, StoreError> {
    rows.into_iter()
        .map(|row| Ok(Arc::new(row.try_into()?)))
        .collect()
}

fn page_of(page: Page<Model>) -> Result<Page<Arc<Branch>>, StoreError> {
    Ok(Page {
        items: models(page.items)?,
        cursors: page.cursors,
        has_next: page.has_next,
        has_previous: page.has_previous,
    })
}

pub(crate) async fn find(
    store: &Store,
    ctx: &Ctx,
    id: BranchId,
) -> Result<Option<Branch>, StoreError> {
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
    ids: &[BranchId],
) -> Result<Vec<Arc<Branch>>, StoreError> {
    models(
        store
            .find::<Entity>(ctx)
            .by_ids(ids.iter().map(ToString::to_string))
            .await?,
    )
}

async fn live(
    finder: Finder<'_, Entity>,
    repository: RepositoryId,
    name: &str,
) -> Result<Option<Branch>, StoreError> {
    let condition = Condition::all()
        .add(Column::RepositoryId.eq(repository.to_string()))
        .add(Column::Name.eq(name))
        .add(Column::DeletedMarker.eq(""));
    let row = finder.one(condition).await?;
    row.map(TryInto::try_into).transpose()
}

/// The branch that has the name now.
pub(crate) async fn find_live(
    store: &Store,
    ctx: &Ctx,
    repository: RepositoryId,
    name: &str,
) -> Result<Option<Branch>, StoreError> {
    live(store.find(ctx), repository, name).await
}

/// The same, inside a transaction.
pub(crate) async fn find_live_in(
    tx: &Tx,
    repository: RepositoryId,
    name: &str,
) -> Result<Option<Branch>, StoreError> {
    live(tx.find(), repository, name).await
}

/// The branches that have these names now, in one statement.
pub(crate) async fn find_by_names(
    store: &Store,
    ctx: &Ctx,
    keys: &[(RepositoryId, String)],
) -> Result<HashMap<(RepositoryId, String), Arc<Branch>>, StoreError> {
    let repositories = keys.iter().map(|(repository, _)| repository.to_string());
    let condition = Condition::all()
        .add(in_set(store.backend(), "repository_id", repositories))
        .add(Column::DeletedMarker.eq(""));
    let names = keys.iter().map(|(_, name)| name.clone());
    let rows = store
        .find::<Entity>(ctx)
        .by_values(Column::Name, names, condition)
        .await?;
    // The statement asks for every pair of the two sets; only some were asked for.
    let wanted: std::collections::HashSet<_> = keys.iter().collect();
    Ok(models(rows)?
        .into_iter()
        .map(|branch| ((branch.repository_id, branch.name.clone()), branch))
        .filter(|(key, _)| wanted.contains(key))
        .collect())
}

pub(crate) async fn page(
    store: &Store,
    ctx: &Ctx,
    filter: &BranchFilter,
    (order, direction): (BranchOrder, Direction),
    request: &PageRequest,
) -> Result<Page<Arc<Branch>>, StoreError> {
    let order = order.order(direction);
    let finder = store.find::<Entity>(ctx);
    page_of(finder.page(filter.condition(), &order, request).await?)
}

pub(crate) async fn count(
    store: &Store,
    ctx: &Ctx,
    filter: &BranchFilter,
) -> Result<u64, StoreError> {
    store.find::<Entity>(ctx).count(filter.condition()).await
}

fn by_parent<T>(groups: HashMap<String, T>) -> Result<HashMap<RepositoryId, T>, StoreError> {
    groups
        .into_iter()
        .map(|(key, value)| {
            let key = key.parse().map_err(|e| StoreError::damaged("Branch", e))?;
            Ok((key, value))
        })
        .collect()
}

pub(crate) async fn pages_by_repository(
    store: &Store,
    ctx: &Ctx,
    repositories: &[RepositoryId],
    filter: &BranchFilter,
    (order, direction): (BranchOrder, Direction),
    request: &PageRequest,
) -> Result<HashMap<RepositoryId, Page<Arc<Branch>>>, StoreError> {
    let pages = store
        .find::<Entity>(ctx)
        .page_per_parent(
            Column::RepositoryId,
            repositories.iter().map(ToString::to_string),
            |row| row.repository_id.clone(),
            filter.condition(),
            &order.order(direction),
            request,
        )
        .await?;
    by_parent(pages)?
        .into_iter()
        .map(|(key, page)| Ok((key, page_of(page)?)))
        .collect()
}

pub(crate) async fn counts_by_repository(
    store: &Store,
    ctx: &Ctx,
    repositories: &[RepositoryId],
    filter: &BranchFilter,
) -> Result<HashMap<RepositoryId, u64>, StoreError> {
    let parents = repositories.iter().map(ToString::to_string);
    let counts = store
        .find::<Entity>(ctx)
        .count_per_parent(Column::RepositoryId, parents, filter.condition())
        .await?;
    by_parent(counts)
}

/// Branches of every tenant whose creation or deletion the Git host has not confirmed.
pub(crate) async fn unfinished(store: &Store, limit: u64) -> Result<Vec<Branch>, StoreError> {
    let states = [BranchStatus::Creating, BranchStatus::Deleting];
    let condition =
        Condition::all().add(Column::Status.is_in(states.map(|status| status.as_str())));
    let rows = store.find_everywhere::<Entity>(condition, limit).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(crate) async fn insert(tx: &Tx, branch: &Branch) -> Result<(), StoreError> {
    tx.insert::<Entity>(branch.into()).await
}

pub(crate) async fn update(tx: &Tx, branch: &mut Branch) -> Result<(), StoreError> {
    branch.meta.version = tx.update::<Entity>((&*branch).into()).await?;
    Ok(())
}

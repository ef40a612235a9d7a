//! Finders and saves of branches: the only code of the service that names columns.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, page::CursorValue};
use sluice_schema::{ProjectId, RepositoryId};
use sluice_store::{List, Listing, Order, Store, StoreError, Tx, in_set};

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

impl BranchOrder {
    /// Its name in cursors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "CREATED_AT",
            Self::UpdatedAt => "UPDATED_AT",
            Self::Name => "NAME",
        }
    }
}

pub(crate) struct BranchList;

impl Listing for BranchList {
    type Entity = Entity;
    type Aggregate = Branch;
    type Filter = BranchFilter;
    type Order = BranchOrder;

    fn condition(filter: &BranchFilter) -> Condition {
        let without_deleted = filter.status.is_none() && !filter.include_deleted;
        Condition::all()
            .add_option(
                filter
                    .project_id
                    .as_ref()
                    .map(|id| Column::ProjectId.eq(id.as_str())),
            )
            .add_option(
                filter
                    .repository_id
                    .map(|id| Column::RepositoryId.eq(id.to_string())),
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
            .add_option(filter.is_default.map(|yes| Column::IsDefault.eq(yes)))
            .add_option(filter.is_protected.map(|yes| Column::IsProtected.eq(yes)))
            .add_option(without_deleted.then(|| Column::DeletedMarker.eq("")))
    }

    fn order(order: BranchOrder, direction: Direction) -> Order<Entity> {
        let (column, value_of): (Column, fn(&Model) -> CursorValue) = match order {
            BranchOrder::CreatedAt => (Column::CreatedAt, |row| {
                CursorValue::Integer(row.created_at)
            }),
            BranchOrder::UpdatedAt => (Column::UpdatedAt, |row| {
                CursorValue::Integer(row.updated_at)
            }),
            BranchOrder::Name => (Column::Name, |row| CursorValue::Text(row.name.clone())),
        };
        Order {
            name: order.name(),
            column,
            direction,
            value_of,
        }
    }
}

async fn live(
    list: List<'_, BranchList>,
    repository: RepositoryId,
    name: &str,
) -> Result<Option<Branch>, StoreError> {
    let condition = Condition::all()
        .add(Column::RepositoryId.eq(repository.to_string()))
        .add(Column::Name.eq(name))
        .add(Column::DeletedMarker.eq(""));
    list.one(condition).await
}

/// The branch that has the name now.
pub(crate) async fn find_live(
    store: &Store,
    ctx: &Ctx,
    repository: RepositoryId,
    name: &str,
) -> Result<Option<Branch>, StoreError> {
    live(store.list(ctx), repository, name).await
}

/// The same, inside a transaction.
pub(crate) async fn find_live_in(
    tx: &Tx,
    repository: RepositoryId,
    name: &str,
) -> Result<Option<Branch>, StoreError> {
    live(tx.list(), repository, name).await
}

/// All branches of the repository that are not deleted.
pub(crate) async fn find_all_live(
    store: &Store,
    ctx: &Ctx,
    repository: RepositoryId,
) -> Result<Vec<Arc<Branch>>, StoreError> {
    let condition = Condition::all().add(Column::DeletedMarker.eq(""));
    store
        .list::<BranchList>(ctx)
        .by_values(
            Column::RepositoryId,
            vec![repository.to_string()],
            condition,
        )
        .await
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
    let names = keys.iter().map(|(_, name)| name.clone()).collect();
    let found = store
        .list::<BranchList>(ctx)
        .by_values(Column::Name, names, condition)
        .await?;
    // The statement asks for every pair of the two sets; only some were asked for.
    let wanted: std::collections::HashSet<_> = keys.iter().collect();
    Ok(found
        .into_iter()
        .map(|branch| ((branch.repository_id, branch.name.clone()), branch))
        .filter(|(key, _)| wanted.contains(key))
        .collect())
}

/// Branches of every tenant whose creation or deletion the Git host has not confirmed.
pub(crate) async fn unfinished(store: &Store, limit: u64) -> Result<Vec<Branch>, StoreError> {
    let states = [BranchStatus::Creating, BranchStatus::Deleting];
    let condition =
        Condition::all().add(Column::Status.is_in(states.map(|status| status.as_str())));
    store.list_everywhere::<BranchList>(condition, limit).await
}

pub(crate) async fn insert(tx: &Tx, branch: &Branch) -> Result<(), StoreError> {
    tx.insert::<Entity>(branch.into()).await
}

pub(crate) async fn update(tx: &Tx, branch: &mut Branch) -> Result<(), StoreError> {
    branch.meta.version = tx.update::<Entity>((&*branch).into()).await?;
    Ok(())
}

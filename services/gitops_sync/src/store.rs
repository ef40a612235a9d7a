//! Finders and saves of states: the only code of the service that names columns.

mod attempts;

pub(crate) use attempts::AttemptList;
pub use attempts::{AttemptFilter, AttemptOrder};
pub(crate) use attempts::{find_attempt, insert_attempt, of_sync, update_attempt};

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, micros, page::CursorValue};
use sluice_schema::{EnvironmentId, ProjectId, PromotionId, SyncId};
use sluice_store::{Listing, Order, Store, StoreError, Tx};

use crate::{
    GitOpsSyncState, HealthStatus, Operation, SyncStatus,
    entity::{Column, Entity, Model},
};

/// Which states a list shows; absent fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct SyncFilter {
    /// Of this project.
    pub project_id: Option<ProjectId>,
    /// Of this environment.
    pub environment_id: Option<EnvironmentId>,
    /// Of the environment of this name.
    pub environment: Option<String>,
    /// Of this module.
    pub module: Option<String>,
    /// With this sync status.
    pub sync: Option<SyncStatus>,
    /// With this health.
    pub health: Option<HealthStatus>,
    /// With this operation.
    pub operation: Option<Operation>,
}

/// The orders of a list of states.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum SyncOrder {
    /// By creation.
    #[default]
    CreatedAt,
    /// By last change.
    UpdatedAt,
}

impl SyncOrder {
    /// Its name in cursors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "CREATED_AT",
            Self::UpdatedAt => "UPDATED_AT",
        }
    }
}

pub(crate) struct SyncList;

impl Listing for SyncList {
    type Entity = Entity;
    type Aggregate = GitOpsSyncState;
    type Filter = SyncFilter;
    type Order = SyncOrder;

    fn condition(filter: &SyncFilter) -> Condition {
        let text = |column: Column, value: Option<&str>| value.map(|value| column.eq(value));
        Condition::all()
            .add_option(text(
                Column::ProjectId,
                filter.project_id.as_ref().map(ProjectId::as_str),
            ))
            .add_option(
                filter
                    .environment_id
                    .map(|id| Column::EnvironmentId.eq(id.to_string())),
            )
            .add_option(text(Column::Environment, filter.environment.as_deref()))
            .add_option(text(Column::Module, filter.module.as_deref()))
            .add_option(text(Column::Sync, filter.sync.map(SyncStatus::as_str)))
            .add_option(text(
                Column::Health,
                filter.health.map(HealthStatus::as_str),
            ))
            .add_option(text(
                Column::Operation,
                filter.operation.map(Operation::as_str),
            ))
    }

    fn order(order: SyncOrder, direction: Direction) -> Order<Entity> {
        let (column, value_of): (Column, fn(&Model) -> CursorValue) = match order {
            SyncOrder::CreatedAt => (Column::CreatedAt, |row| {
                CursorValue::Integer(row.created_at)
            }),
            SyncOrder::UpdatedAt => (Column::UpdatedAt, |row| {
                CursorValue::Integer(row.updated_at)
            }),
        };
        Order {
            name: order.name(),
            column,
            direction,
            value_of,
        }
    }
}

fn of_environment(environment: EnvironmentId, module: &str) -> Condition {
    Condition::all()
        .add(Column::EnvironmentId.eq(environment.to_string()))
        .add(Column::Module.eq(module))
}

pub(crate) async fn find(
    store: &Store,
    ctx: &Ctx,
    environment: EnvironmentId,
    module: &str,
) -> Result<Option<GitOpsSyncState>, StoreError> {
    let list = store.list::<SyncList>(ctx);
    list.one(of_environment(environment, module)).await
}

pub(crate) async fn find_in_project(
    store: &Store,
    ctx: &Ctx,
    project: &ProjectId,
    environment: &str,
    module: &str,
) -> Result<Option<GitOpsSyncState>, StoreError> {
    let condition = Condition::all()
        .add(Column::ProjectId.eq(project.as_str()))
        .add(Column::Environment.eq(environment))
        .add(Column::Module.eq(module));
    store.list::<SyncList>(ctx).one(condition).await
}

pub(crate) async fn find_in(tx: &Tx, id: SyncId) -> Result<Option<GitOpsSyncState>, StoreError> {
    tx.list::<SyncList>().by_id(id).await
}

pub(crate) async fn find_by_environments(
    store: &Store,
    ctx: &Ctx,
    environments: &[EnvironmentId],
) -> Result<Vec<Arc<GitOpsSyncState>>, StoreError> {
    let values = environments.iter().map(ToString::to_string).collect();
    let list = store.list::<SyncList>(ctx);
    list.by_values(Column::EnvironmentId, values, Condition::all())
        .await
}

pub(crate) async fn find_by_promotions(
    store: &Store,
    ctx: &Ctx,
    promotions: &[PromotionId],
) -> Result<Vec<Arc<GitOpsSyncState>>, StoreError> {
    let values = promotions.iter().map(ToString::to_string).collect();
    let list = store.list::<SyncList>(ctx);
    list.by_values(Column::PromotionId, values, Condition::all())
        .await
}

/// States of every tenant whose next attempt is due, or whose attempt was left by its process.
pub(crate) async fn due(
    store: &Store,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<GitOpsSyncState>, StoreError> {
    let condition = Condition::all().add(Column::DueAt.lte(micros(now)));
    store.list_everywhere::<SyncList>(condition, limit).await
}

/// States of every tenant, in the order of their ids.
pub(crate) async fn all_after(
    store: &Store,
    after: Option<SyncId>,
    limit: u64,
) -> Result<Vec<GitOpsSyncState>, StoreError> {
    let condition = Condition::all().add_option(after.map(|id| Column::Id.gt(id.to_string())));
    store.list_everywhere::<SyncList>(condition, limit).await
}

pub(crate) async fn insert(tx: &Tx, state: &GitOpsSyncState) -> Result<(), StoreError> {
    tx.insert::<Entity>(state.try_into()?).await
}

pub(crate) async fn update(tx: &Tx, state: &mut GitOpsSyncState) -> Result<(), StoreError> {
    state.meta.version = tx.update::<Entity>((&*state).try_into()?).await?;
    Ok(())
}

//! Environments.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, Meta, PageRequest, micros, page::CursorValue};
use sluice_schema::ProjectId;
use sluice_store::{Listing, Order, Store, StoreError, Tx, row_with_meta};

use crate::{
    Environment,
    entity::{
        environment::{Column, Entity, Model},
        environment_set,
    },
};

/// Environments that a project may have, retired ones among them.
pub(crate) const MAX_ENVIRONMENTS: u64 = 100;

/// Which environments a list shows; absent fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct EnvironmentFilter {
    /// Of this project.
    pub project_id: Option<ProjectId>,
    /// Of this name.
    pub name: Option<String>,
    /// Retired, or not.
    pub retired: Option<bool>,
}

/// The orders of a list of environments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum EnvironmentOrder {
    /// By creation.
    #[default]
    CreatedAt,
    /// By last change.
    UpdatedAt,
    /// By place in the project.
    Order,
    /// By name.
    Name,
}

impl EnvironmentOrder {
    /// Its name in cursors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "CREATED_AT",
            Self::UpdatedAt => "UPDATED_AT",
            Self::Order => "ORDER",
            Self::Name => "NAME",
        }
    }
}

pub(crate) struct EnvironmentList;

impl Listing for EnvironmentList {
    type Entity = Entity;
    type Aggregate = Environment;
    type Filter = EnvironmentFilter;
    type Order = EnvironmentOrder;

    fn condition(filter: &EnvironmentFilter) -> Condition {
        let project = filter.project_id.as_ref();
        let name = filter.name.as_ref();
        Condition::all()
            .add_option(project.map(|id| Column::ProjectId.eq(id.as_str())))
            .add_option(name.map(|name| Column::Name.eq(name.as_str())))
            .add_option(filter.retired.map(|retired| Column::Retired.eq(retired)))
    }

    fn order(order: EnvironmentOrder, direction: Direction) -> Order<Entity> {
        let (column, value_of): (Column, fn(&Model) -> CursorValue) = match order {
            EnvironmentOrder::CreatedAt => (Column::CreatedAt, |row| {
                CursorValue::Integer(row.created_at)
            }),
            EnvironmentOrder::UpdatedAt => (Column::UpdatedAt, |row| {
                CursorValue::Integer(row.updated_at)
            }),
            EnvironmentOrder::Order => (Column::Rank, |row| CursorValue::Integer(row.rank)),
            EnvironmentOrder::Name => (Column::Name, |row| CursorValue::Text(row.name.clone())),
        };
        Order {
            name: order.name(),
            column,
            direction,
            value_of,
        }
    }
}

/// Every environment of the project, in the order of creation.
pub(crate) async fn every_of(
    store: &Store,
    ctx: &Ctx,
    project: &ProjectId,
) -> Result<Vec<Environment>, StoreError> {
    let condition = Condition::all().add(Column::ProjectId.eq(project.as_str()));
    let order = Order::by_id(Direction::Ascending);
    let request = PageRequest::first(MAX_ENVIRONMENTS);
    let page = store
        .find::<Entity>(ctx)
        .page(condition, &order, &request)
        .await?;
    page.items.into_iter().map(TryInto::try_into).collect()
}

/// The environments of each project, in one statement.
pub(crate) async fn find_by_projects(
    store: &Store,
    ctx: &Ctx,
    projects: &[ProjectId],
) -> Result<HashMap<ProjectId, Vec<Arc<Environment>>>, StoreError> {
    let keys = projects.iter().map(ToString::to_string).collect();
    let list = store.list::<EnvironmentList>(ctx);
    let mut groups: HashMap<ProjectId, Vec<Arc<Environment>>> = HashMap::new();
    for environment in list
        .by_values(Column::ProjectId, keys, Condition::all())
        .await?
    {
        let project = environment.meta.project_id.clone();
        groups.entry(project).or_default().push(environment);
    }
    Ok(groups)
}

/// Environments of every tenant with a hold whose time is over.
pub(crate) async fn with_ended_holds(
    store: &Store,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<Environment>, StoreError> {
    let condition = Condition::all().add(Column::NextHoldEnd.lte(micros(now)));
    store
        .list_everywhere::<EnvironmentList>(condition, limit)
        .await
}

pub(crate) async fn insert_environment(tx: &Tx, it: &Environment) -> Result<(), StoreError> {
    tx.insert::<Entity>(it.try_into()?).await
}

pub(crate) async fn update_environment(tx: &Tx, it: &mut Environment) -> Result<(), StoreError> {
    let row = Model::try_from(&*it)?;
    it.meta.version = tx.update::<Entity>(row).await?;
    Ok(())
}

/// The version of the project's set of environments; `None` while it has none.
pub(crate) async fn set_of(
    store: &Store,
    ctx: &Ctx,
    project: &ProjectId,
) -> Result<Option<environment_set::Model>, StoreError> {
    let finder = store.find::<environment_set::Entity>(ctx);
    finder.by_id(project.as_str()).await
}

/// Makes the set, or raises its version: of writers that read the same, one succeeds.
pub(crate) async fn raise_set(
    tx: &Tx,
    meta: &Meta,
    set: Option<environment_set::Model>,
) -> Result<(), StoreError> {
    use environment_set::{Entity, Model};
    match set {
        Some(set) => tx.update::<Entity>(set).await.map(|_| ()),
        None => {
            let id = meta.project_id.to_string();
            tx.insert::<Entity>(row_with_meta!(meta, Model { id: id }))
                .await
        }
    }
}

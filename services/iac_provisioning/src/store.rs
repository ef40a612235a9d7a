//! Finders and saves of infrastructure plans: the only code of the service that names columns.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, Page, PageRequest, micros, page::CursorValue};
use sluice_schema::{EnvironmentId, InfrastructureId, ProjectId, ReleaseId, RepositoryId};
use sluice_store::{Listing, Order, Store, StoreError, Tx};

use crate::{
    InfrastructurePlan, InfrastructureStatus,
    entity::{Column, Entity, Model, log},
};

/// Which plans a list shows; absent fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct InfrastructureFilter {
    /// Of this project.
    pub project_id: Option<ProjectId>,
    /// Of this release.
    pub release_id: Option<ReleaseId>,
    /// For this environment.
    pub environment_id: Option<EnvironmentId>,
    /// For environments of this name.
    pub environment: Option<String>,
    /// Of this module.
    pub module: Option<String>,
    /// Of this repository.
    pub repository_id: Option<RepositoryId>,
    /// Of this commit.
    pub commit_sha: Option<String>,
    /// Of this status.
    pub status: Option<InfrastructureStatus>,
}

/// The orders of a list of plans.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum InfrastructureOrder {
    /// By creation.
    #[default]
    CreatedAt,
    /// By last change.
    UpdatedAt,
}

impl InfrastructureOrder {
    /// Its name in cursors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "CREATED_AT",
            Self::UpdatedAt => "UPDATED_AT",
        }
    }
}

pub(crate) struct InfrastructureList;

fn equal(column: Column, value: Option<impl Into<sea_orm::Value>>) -> Condition {
    Condition::all().add_option(value.map(|value| column.eq(value)))
}

impl Listing for InfrastructureList {
    type Entity = Entity;
    type Aggregate = InfrastructurePlan;
    type Filter = InfrastructureFilter;
    type Order = InfrastructureOrder;

    fn condition(filter: &InfrastructureFilter) -> Condition {
        let release = filter.release_id.map(|id| id.to_string());
        let environment = filter.environment_id.map(|id| id.to_string());
        let repository = filter.repository_id.map(|id| id.to_string());
        let project = filter.project_id.as_ref().map(|id| id.as_str());
        Condition::all()
            .add(equal(Column::ProjectId, project))
            .add(equal(Column::ReleaseId, release))
            .add(equal(Column::EnvironmentId, environment))
            .add(equal(Column::Environment, filter.environment.as_deref()))
            .add(equal(Column::Module, filter.module.as_deref()))
            .add(equal(Column::RepositoryId, repository))
            .add(equal(Column::CommitSha, filter.commit_sha.as_deref()))
            .add(equal(Column::Status, filter.status.map(|one| one.as_str())))
    }

    fn order(order: InfrastructureOrder, direction: Direction) -> Order<Entity> {
        let (column, value_of): (Column, fn(&Model) -> CursorValue) = match order {
            InfrastructureOrder::CreatedAt => (Column::CreatedAt, |row| {
                CursorValue::Integer(row.created_at)
            }),
            InfrastructureOrder::UpdatedAt => (Column::UpdatedAt, |row| {
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

fn newest() -> (InfrastructureOrder, Direction) {
    (InfrastructureOrder::CreatedAt, Direction::Descending)
}

async fn first(
    store: &Store,
    ctx: &Ctx,
    filter: &InfrastructureFilter,
    digest: Option<&str>,
) -> Result<Option<InfrastructurePlan>, StoreError> {
    let condition = InfrastructureList::condition(filter).add(equal(Column::ProgramDigest, digest));
    let (order, direction) = newest();
    let order = InfrastructureList::order(order, direction);
    let finder = store.find::<Entity>(ctx);
    let page: Page<Model> = finder
        .page(condition, &order, &PageRequest::first(1))
        .await?;
    page.items
        .into_iter()
        .next()
        .map(TryInto::try_into)
        .transpose()
}

/// The newest plan for a release, environment and module, whatever program it is of.
pub(crate) async fn latest_of_release(
    store: &Store,
    ctx: &Ctx,
    key: (ReleaseId, EnvironmentId, &str),
) -> Result<Option<InfrastructurePlan>, StoreError> {
    first(store, ctx, &of_key(key), None).await
}

fn of_key(
    (release, environment, module): (ReleaseId, EnvironmentId, &str),
) -> InfrastructureFilter {
    InfrastructureFilter {
        release_id: Some(release),
        environment_id: Some(environment),
        module: Some(module.to_owned()),
        ..InfrastructureFilter::default()
    }
}

/// The newest plan of a program for a release, environment and module.
pub(crate) async fn latest(
    store: &Store,
    ctx: &Ctx,
    key: (ReleaseId, EnvironmentId, &str),
    digest: &str,
) -> Result<Option<InfrastructurePlan>, StoreError> {
    first(store, ctx, &of_key(key), Some(digest)).await
}

/// The newest plan of a module's stack in an environment, whatever release it is of.
pub(crate) async fn latest_of_stack(
    store: &Store,
    ctx: &Ctx,
    project: &ProjectId,
    environment: &str,
    module: &str,
) -> Result<Option<InfrastructurePlan>, StoreError> {
    let filter = InfrastructureFilter {
        project_id: Some(project.clone()),
        environment: Some(environment.to_owned()),
        module: Some(module.to_owned()),
        ..InfrastructureFilter::default()
    };
    first(store, ctx, &filter, None).await
}

/// The plans of releases, newest first.
pub(crate) async fn find_by_releases(
    store: &Store,
    ctx: &Ctx,
    releases: &[ReleaseId],
) -> Result<HashMap<ReleaseId, Vec<Arc<InfrastructurePlan>>>, StoreError> {
    let ids = releases.iter().map(ToString::to_string).collect();
    let list = store.list::<InfrastructureList>(ctx);
    let found = list
        .by_values(Column::ReleaseId, ids, Condition::all())
        .await?;
    let mut plans: HashMap<ReleaseId, Vec<Arc<InfrastructurePlan>>> = HashMap::new();
    for plan in found {
        plans.entry(plan.release_id).or_default().push(plan);
    }
    for plans in plans.values_mut() {
        plans.sort_by_key(|plan| std::cmp::Reverse((plan.meta.created_at, plan.id.to_string())));
    }
    Ok(plans)
}

/// Plans of every tenant with work left that nobody touched since `since`.
pub(crate) async fn unfinished(
    store: &Store,
    since: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<InfrastructurePlan>, StoreError> {
    let open = [
        InfrastructureStatus::Planning,
        InfrastructureStatus::Applying,
    ];
    let condition = Condition::all()
        .add(Column::Status.is_in(open.map(InfrastructureStatus::as_str)))
        .add(Column::UpdatedAt.lte(micros(since)));
    store
        .list_everywhere::<InfrastructureList>(condition, limit)
        .await
}

pub(crate) async fn insert(tx: &Tx, plan: &InfrastructurePlan) -> Result<(), StoreError> {
    tx.insert::<Entity>(plan.try_into()?).await
}

pub(crate) async fn update(tx: &Tx, plan: &mut InfrastructurePlan) -> Result<(), StoreError> {
    plan.meta.version = tx.update::<Entity>((&*plan).try_into()?).await?;
    Ok(())
}

/// Keeps the events of a provisioning; the first to do so is the one that ended it.
pub(crate) async fn insert_log(
    tx: &Tx,
    plan: &InfrastructurePlan,
    events: String,
) -> Result<(), StoreError> {
    tx.insert::<log::Entity>(log::row(plan, events)).await
}

/// The events of provisionings that ended, a JSON list each, in one statement.
pub(crate) async fn find_logs(
    store: &Store,
    ctx: &Ctx,
    plans: &[InfrastructureId],
) -> Result<Vec<(InfrastructureId, String)>, StoreError> {
    let ids = plans.iter().map(ToString::to_string);
    let rows = store.find::<log::Entity>(ctx).by_ids(ids).await?;
    let damaged = |error| StoreError::damaged("InfrastructureLog", error);
    rows.into_iter()
        .map(|row| Ok((row.id.parse().map_err(damaged)?, row.events)))
        .collect()
}

/// The events of a provisioning, a JSON list; `None` when it has not ended.
pub(crate) async fn find_log(
    store: &Store,
    ctx: &Ctx,
    id: InfrastructureId,
) -> Result<Option<String>, StoreError> {
    let row = store
        .find::<log::Entity>(ctx)
        .by_id(&id.to_string())
        .await?;
    Ok(row.map(|row| row.events))
}

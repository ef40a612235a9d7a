//! Finders and saves of releases: the only code of the service that names columns.

pub(crate) mod approvals;
pub(crate) mod artifacts;
mod list;
mod lookup;

use std::sync::Arc;

use sea_orm::{ColumnTrait, Condition};
use semver::Version;
use sluice_kernel::{Ctx, Direction, PageRequest};
use sluice_schema::{BuildId, ProjectId, ReleaseId};
use sluice_store::{Finder, List, Order, Store, StoreError, Tx};

pub(crate) use approvals::ApprovalList;
pub(crate) use list::ReleaseList;
pub use list::{ReleaseFilter, ReleaseOrder};
pub(crate) use lookup::{find_by_builds, find_by_commits};

use crate::{
    ReleasePlan, ReleaseStatus,
    entity::{Column, Entity, Model, item, name_key},
};

/// Releases of a project that a changed environment is held against: the newest.
pub(crate) const RECENT: u64 = 20;
/// Releases of a build that are looked at: it has one, and few more by command.
const MAX_OF_BUILD: u64 = 200;

fn with_status(statuses: &[ReleaseStatus]) -> Condition {
    let names = statuses.iter().map(|status| status.as_str());
    Condition::all().add(Column::Status.is_in(names))
}

fn named(project: &ProjectId, name: &str) -> Condition {
    Condition::all().add(Column::NameKey.eq(name_key(project, name)))
}

fn models(rows: Vec<Model>) -> Result<Vec<ReleasePlan>, StoreError> {
    rows.into_iter().map(TryInto::try_into).collect()
}

async fn newest(
    finder: Finder<'_, Entity>,
    condition: Condition,
    limit: u64,
) -> Result<Vec<ReleasePlan>, StoreError> {
    let order = Order::by_id(Direction::Descending);
    let request = PageRequest::first(limit);
    models(finder.page(condition, &order, &request).await?.items)
}

/// Reads what the transaction is about to change.
pub(crate) async fn find_in(tx: &Tx, id: ReleaseId) -> Result<Option<ReleasePlan>, StoreError> {
    tx.list::<ReleaseList>().by_id(id).await
}

/// The release of this name and version.
pub(crate) async fn find_by_version(
    store: &Store,
    ctx: &Ctx,
    (project, name): (&ProjectId, &str),
    version: &Version,
) -> Result<Option<ReleasePlan>, StoreError> {
    let condition = named(project, name).add(Column::Semver.eq(version.to_string()));
    store.list::<ReleaseList>(ctx).one(condition).await
}

/// The release of this name and one of these statuses that was planned last.
pub(crate) async fn last_of(
    store: &Store,
    ctx: &Ctx,
    (project, name): (&ProjectId, &str),
    statuses: &[ReleaseStatus],
) -> Result<Option<ReleasePlan>, StoreError> {
    let condition = named(project, name).add(with_status(statuses));
    let found = newest(store.find(ctx), condition, 1).await?;
    Ok(found.into_iter().next())
}

/// The greatest version of this name among releases of these statuses.
pub(crate) async fn greatest_version(
    store: &Store,
    ctx: &Ctx,
    (project, name): (&ProjectId, &str),
    statuses: &[ReleaseStatus],
) -> Result<Option<Version>, StoreError> {
    let condition = named(project, name).add(with_status(statuses));
    let order = list::by_version(Direction::Descending);
    let page = store.find::<Entity>(ctx);
    let page = page.page(condition, &order, &PageRequest::first(1)).await?;
    let version = page.items.first().map(|row| row.semver.parse());
    let damaged = |error| StoreError::damaged("ReleasePlan", error);
    version.transpose().map_err(damaged)
}

async fn releases_of(
    items: Finder<'_, item::Entity>,
    releases: List<'_, ReleaseList>,
    build: BuildId,
) -> Result<Vec<Arc<ReleasePlan>>, StoreError> {
    let condition = Condition::all().add(item::Column::BuildId.eq(build.to_string()));
    let order = Order::by_id(Direction::Descending);
    let request = PageRequest::first(MAX_OF_BUILD);
    let rows = items.page(condition, &order, &request).await?.items;
    let damaged = |error| StoreError::damaged("ReleaseItem", error);
    let ids: Vec<ReleaseId> = rows
        .iter()
        .map(|row| row.release_id.parse().map_err(damaged))
        .collect::<Result<_, _>>()?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = releases.by_ids(&ids).await?;
    found.retain(|release| release.status.is_open());
    found.sort_unstable_by_key(|release| std::cmp::Reverse(release.id));
    Ok(found)
}

/// Releases that hold the build and are neither rejected nor cancelled, newest first.
pub(crate) async fn open_with(
    store: &Store,
    ctx: &Ctx,
    build: BuildId,
) -> Result<Vec<Arc<ReleasePlan>>, StoreError> {
    releases_of(store.find(ctx), store.list(ctx), build).await
}

/// The newest release of exactly these builds that is neither rejected nor cancelled, read
/// inside the transaction.
pub(crate) async fn open_of(
    tx: &Tx,
    builds: &[BuildId],
) -> Result<Option<Arc<ReleasePlan>>, StoreError> {
    let Some(first) = builds.first() else {
        return Ok(None);
    };
    let found = releases_of(tx.find(), tx.list(), *first).await?;
    Ok(found.into_iter().find(|release| release.is_of(builds)))
}

/// The newest releases of the project that can be approved or are.
pub(crate) async fn recent(
    store: &Store,
    ctx: &Ctx,
    project: &ProjectId,
) -> Result<Vec<ReleasePlan>, StoreError> {
    let statuses = [ReleaseStatus::PendingApproval, ReleaseStatus::Approved];
    let condition = with_status(&statuses).add(Column::ProjectId.eq(project.as_str()));
    newest(store.find(ctx), condition, RECENT).await
}

/// Releases of every tenant that wait for artifacts, by id, after this one.
pub(crate) async fn waiting(
    store: &Store,
    after: Option<ReleaseId>,
    limit: u64,
) -> Result<Vec<ReleasePlan>, StoreError> {
    let condition = with_status(&[ReleaseStatus::Planned])
        .add_option(after.map(|id| Column::Id.gt(id.to_string())));
    store.list_everywhere::<ReleaseList>(condition, limit).await
}

pub(crate) async fn insert(tx: &Tx, release: &ReleasePlan) -> Result<(), StoreError> {
    tx.insert::<Entity>(release.try_into()?).await?;
    tx.insert_many::<item::Entity>(item::rows(release)).await
}

pub(crate) async fn update(tx: &Tx, release: &mut ReleasePlan) -> Result<(), StoreError> {
    let row = Model::try_from(&*release)?;
    release.meta.version = tx.update::<Entity>(row).await?;
    Ok(())
}

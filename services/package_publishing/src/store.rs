//! Finders and saves of publications: the only code of the service that names columns.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, micros, page::CursorValue};
use sluice_package_feed::{PackageId as FeedId, PackageVersion};
use sluice_schema::{BuildId, ModuleId, ProjectId, RepositoryId};
use sluice_store::{Listing, Order, Store, StoreError, Tx};

use crate::{
    Origin, PackagePublication, PackageStatus,
    entity::{Column, Entity, Model, name_key},
    model::version_key,
};

/// Which publications a list shows; absent fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PackageFilter {
    /// Of this project.
    pub project_id: Option<ProjectId>,
    /// Of this module.
    pub module_id: Option<ModuleId>,
    /// Of this repository.
    pub repository_id: Option<RepositoryId>,
    /// Of this build.
    pub build_id: Option<BuildId>,
    /// Of this package, case aside.
    pub name: Option<String>,
    /// Of this normalised version.
    pub version: Option<String>,
    /// Of this commit.
    pub commit_sha: Option<String>,
    /// Of this status.
    pub status: Option<PackageStatus>,
    /// Of this origin.
    pub origin: Option<Origin>,
}

/// The orders of a list of publications.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum PackageOrder {
    /// By creation.
    #[default]
    CreatedAt,
    /// By last change.
    UpdatedAt,
    /// By name of the package, case aside.
    Name,
}

impl PackageOrder {
    /// Its name in cursors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "CREATED_AT",
            Self::UpdatedAt => "UPDATED_AT",
            Self::Name => "NAME",
        }
    }
}

pub(crate) struct PackageList;

impl Listing for PackageList {
    type Entity = Entity;
    type Aggregate = PackagePublication;
    type Filter = PackageFilter;
    type Order = PackageOrder;

    fn condition(filter: &PackageFilter) -> Condition {
        let project = filter.project_id.as_ref();
        let module = filter.module_id.as_ref();
        let name = filter.name.as_deref();
        let version = filter.version.as_deref();
        let commit = filter.commit_sha.as_deref();
        Condition::all()
            .add_option(project.map(|id| Column::ProjectId.eq(id.as_str())))
            .add_option(module.map(|id| Column::ModuleId.eq(id.as_str())))
            .add_option(version.map(|version| Column::PackageVersion.eq(version)))
            .add_option(commit.map(|sha| Column::CommitSha.eq(sha)))
            .add_option(
                filter
                    .repository_id
                    .map(|id| Column::RepositoryId.eq(id.to_string())),
            )
            .add_option(filter.build_id.map(|id| Column::BuildId.eq(id.to_string())))
            .add_option(name.map(|name| Column::NameKey.eq(name_key(name))))
            .add_option(
                filter
                    .status
                    .map(|status| Column::Status.eq(status.as_str())),
            )
            .add_option(
                filter
                    .origin
                    .map(|origin| Column::Origin.eq(origin.as_str())),
            )
    }

    fn order(order: PackageOrder, direction: Direction) -> Order<Entity> {
        let (column, value_of): (Column, fn(&Model) -> CursorValue) = match order {
            PackageOrder::CreatedAt => (Column::CreatedAt, |row| {
                CursorValue::Integer(row.created_at)
            }),
            PackageOrder::UpdatedAt => (Column::UpdatedAt, |row| {
                CursorValue::Integer(row.updated_at)
            }),
            PackageOrder::Name => (Column::NameKey, |row| {
                CursorValue::Text(row.name_key.clone())
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

/// The publication that holds the version in the project's feed; none that failed.
pub(crate) async fn find_version(
    store: &Store,
    ctx: &Ctx,
    project: &ProjectId,
    name: &FeedId,
    version: &PackageVersion,
) -> Result<Option<PackagePublication>, StoreError> {
    let condition = Condition::all()
        .add(Column::ProjectId.eq(project.as_str()))
        .add(Column::NameKey.eq(name.lower()))
        .add(Column::VersionKey.eq(version_key(version)));
    store.list::<PackageList>(ctx).one(condition).await
}

pub(crate) async fn find_by_build(
    store: &Store,
    ctx: &Ctx,
    build: BuildId,
) -> Result<Option<PackagePublication>, StoreError> {
    let condition = Condition::all().add(Column::BuildId.eq(build.to_string()));
    store.list::<PackageList>(ctx).one(condition).await
}

pub(crate) async fn find_by_builds(
    store: &Store,
    ctx: &Ctx,
    builds: &[BuildId],
) -> Result<Vec<Arc<PackagePublication>>, StoreError> {
    let builds = builds.iter().map(ToString::to_string).collect();
    store
        .list::<PackageList>(ctx)
        .by_values(Column::BuildId, builds, Condition::all())
        .await
}

/// How many publications of the package its project has for one version of the module.
pub(crate) async fn count_of_base(
    store: &Store,
    ctx: &Ctx,
    project: &ProjectId,
    name: &FeedId,
    base: &str,
) -> Result<u64, StoreError> {
    let condition = Condition::all()
        .add(Column::ProjectId.eq(project.as_str()))
        .add(Column::NameKey.eq(name.lower()))
        .add(Column::BaseVersion.eq(base));
    store.find::<Entity>(ctx).count(condition).await
}

/// Publications of every tenant that were announced, not confirmed, and not touched since.
pub(crate) async fn unfinished(
    store: &Store,
    since: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<PackagePublication>, StoreError> {
    let condition = Condition::all()
        .add(Column::Status.eq(PackageStatus::Pending.as_str()))
        .add(Column::UpdatedAt.lte(micros(since)));
    store.list_everywhere::<PackageList>(condition, limit).await
}

pub(crate) async fn insert(tx: &Tx, publication: &PackagePublication) -> Result<(), StoreError> {
    tx.insert::<Entity>(publication.into()).await
}

pub(crate) async fn update(
    tx: &Tx,
    publication: &mut PackagePublication,
) -> Result<(), StoreError> {
    publication.meta.version = tx.update::<Entity>((&*publication).into()).await?;
    Ok(())
}

//! Finders and saves of manifests: the only code of the service that names columns.

use std::sync::Arc;

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, page::CursorValue};
use sluice_schema::{EnvironmentId, ManifestId, ModuleId, ProjectId, ReleaseId};
use sluice_store::{Listing, Order, Store, StoreError, Tx};

use crate::{
    DeploymentManifest, ManifestFile, ManifestStatus,
    entity::{Column, Entity, Model, content},
    model::Kept,
};

/// Which manifests a list shows; absent fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ManifestFilter {
    /// Of this project.
    pub project_id: Option<ProjectId>,
    /// Of this module.
    pub module_id: Option<ModuleId>,
    /// Of this release.
    pub release_id: Option<ReleaseId>,
    /// For this environment.
    pub environment_id: Option<EnvironmentId>,
    /// For the environment of this name.
    pub environment: Option<String>,
    /// Of this status.
    pub status: Option<ManifestStatus>,
    /// With this content.
    pub content_digest: Option<String>,
}

/// The orders of a list of manifests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ManifestOrder {
    /// By creation.
    #[default]
    CreatedAt,
    /// By last change.
    UpdatedAt,
}

impl ManifestOrder {
    /// Its name in cursors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "CREATED_AT",
            Self::UpdatedAt => "UPDATED_AT",
        }
    }
}

pub(crate) struct ManifestList;

impl Listing for ManifestList {
    type Entity = Entity;
    type Aggregate = DeploymentManifest;
    type Filter = ManifestFilter;
    type Order = ManifestOrder;

    fn condition(filter: &ManifestFilter) -> Condition {
        let text = |column: Column, value: Option<&str>| value.map(|value| column.eq(value));
        let release = filter
            .release_id
            .map(|id| Column::ReleaseId.eq(id.to_string()));
        let environment = filter
            .environment_id
            .map(|id| Column::EnvironmentId.eq(id.to_string()));
        Condition::all()
            .add_option(text(
                Column::ProjectId,
                filter.project_id.as_ref().map(ProjectId::as_str),
            ))
            .add_option(text(
                Column::ModuleId,
                filter.module_id.as_ref().map(ModuleId::as_str),
            ))
            .add_option(release)
            .add_option(environment)
            .add_option(text(Column::Environment, filter.environment.as_deref()))
            .add_option(text(
                Column::Status,
                filter.status.map(ManifestStatus::as_str),
            ))
            .add_option(text(
                Column::ContentDigest,
                filter.content_digest.as_deref(),
            ))
    }

    fn order(order: ManifestOrder, direction: Direction) -> Order<Entity> {
        let (column, value_of): (Column, fn(&Model) -> CursorValue) = match order {
            ManifestOrder::CreatedAt => (Column::CreatedAt, |row| {
                CursorValue::Integer(row.created_at)
            }),
            ManifestOrder::UpdatedAt => (Column::UpdatedAt, |row| {
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

/// Every content of a module of a release for an environment.
pub(crate) async fn contents_in(
    tx: &Tx,
    release: ReleaseId,
    environment: EnvironmentId,
    module: &str,
) -> Result<Vec<Arc<DeploymentManifest>>, StoreError> {
    let condition = Condition::all()
        .add(Column::EnvironmentId.eq(environment.to_string()))
        .add(Column::Module.eq(module));
    let list = tx.list::<ManifestList>();
    list.by_values(Column::ReleaseId, vec![release.to_string()], condition)
        .await
}

/// Every manifest of the releases, in one statement.
pub(crate) async fn of_releases(
    store: &Store,
    ctx: &Ctx,
    releases: &[ReleaseId],
    environment: Option<EnvironmentId>,
) -> Result<Vec<Arc<DeploymentManifest>>, StoreError> {
    let ids = releases.iter().map(ToString::to_string).collect();
    let condition =
        Condition::all().add_option(environment.map(|id| Column::EnvironmentId.eq(id.to_string())));
    let list = store.list::<ManifestList>(ctx);
    list.by_values(Column::ReleaseId, ids, condition).await
}

/// Manifests of every tenant that do not stand in a GitOps repository yet.
pub(crate) async fn unfinished(
    store: &Store,
    limit: u64,
) -> Result<Vec<DeploymentManifest>, StoreError> {
    let condition = Condition::all().add(Column::Status.eq(ManifestStatus::Rendering.as_str()));
    store
        .list_everywhere::<ManifestList>(condition, limit)
        .await
}

/// The files of a manifest.
pub(crate) async fn files(
    store: &Store,
    ctx: &Ctx,
    id: ManifestId,
) -> Result<Option<Kept>, StoreError> {
    let row = store
        .find::<content::Entity>(ctx)
        .by_id(&id.to_string())
        .await?;
    row.map(TryInto::try_into).transpose()
}

/// The files of each manifest, in one statement; those that failed have none.
pub(crate) async fn find_files(
    store: &Store,
    ctx: &Ctx,
    manifests: &[ManifestId],
) -> Result<Vec<(ManifestId, Vec<ManifestFile>)>, StoreError> {
    let ids = manifests.iter().map(ToString::to_string);
    let rows = store.find::<content::Entity>(ctx).by_ids(ids).await?;
    let damaged = |error| StoreError::damaged("ManifestContent", error);
    rows.into_iter()
        .map(|row| {
            let id = row.id.parse().map_err(damaged)?;
            Ok((id, Kept::try_from(row)?.files))
        })
        .collect()
}

pub(crate) async fn insert(
    tx: &Tx,
    manifest: &DeploymentManifest,
    kept: Option<&Kept>,
) -> Result<(), StoreError> {
    tx.insert::<Entity>(manifest.try_into()?).await?;
    if let Some(kept) = kept {
        let row = content::row(&manifest.meta, &manifest.id.to_string(), kept)?;
        tx.insert::<content::Entity>(row).await?;
    }
    Ok(())
}

pub(crate) async fn update(tx: &Tx, manifest: &mut DeploymentManifest) -> Result<(), StoreError> {
    let row = (&*manifest).try_into()?;
    manifest.meta.version = tx.update::<Entity>(row).await?;
    Ok(())
}

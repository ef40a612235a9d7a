//! Finders and saves of container images: the only code of the service that names columns.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, micros, page::CursorValue};
use sluice_schema::{BuildId, ModuleId, ProjectId, RepositoryId};
use sluice_store::{Listing, Order, Store, StoreError, Tx};

use crate::{
    ContainerImage, ImageStatus,
    entity::{Column, Entity, Model},
};

/// Which images a list shows; absent fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ImageFilter {
    /// Of this project.
    pub project_id: Option<ProjectId>,
    /// Of this module.
    pub module_id: Option<ModuleId>,
    /// Of this repository.
    pub repository_id: Option<RepositoryId>,
    /// Of this build.
    pub build_id: Option<BuildId>,
    /// Of this commit.
    pub commit_sha: Option<String>,
    /// In this registry.
    pub registry: Option<String>,
    /// Of this name.
    pub name: Option<String>,
    /// With this digest.
    pub digest: Option<String>,
    /// Of this status.
    pub status: Option<ImageStatus>,
}

/// The orders of a list of images.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ImageOrder {
    /// By creation.
    #[default]
    CreatedAt,
    /// By last change.
    UpdatedAt,
    /// By name.
    Name,
}

impl ImageOrder {
    /// Its name in cursors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "CREATED_AT",
            Self::UpdatedAt => "UPDATED_AT",
            Self::Name => "NAME",
        }
    }
}

pub(crate) struct ImageList;

impl Listing for ImageList {
    type Entity = Entity;
    type Aggregate = ContainerImage;
    type Filter = ImageFilter;
    type Order = ImageOrder;

    fn condition(filter: &ImageFilter) -> Condition {
        let text = |column: Column, value: Option<&str>| value.map(|value| column.eq(value));
        let id = |column: Column, value: Option<String>| value.map(|value| column.eq(value));
        let project = filter.project_id.as_ref().map(ProjectId::as_str);
        let module = filter.module_id.as_ref().map(ModuleId::as_str);
        let repository = filter.repository_id.map(|id| id.to_string());
        let build = filter.build_id.map(|id| id.to_string());
        Condition::all()
            .add_option(text(Column::ProjectId, project))
            .add_option(text(Column::ModuleId, module))
            .add_option(id(Column::RepositoryId, repository))
            .add_option(id(Column::BuildId, build))
            .add_option(text(Column::CommitSha, filter.commit_sha.as_deref()))
            .add_option(text(Column::Registry, filter.registry.as_deref()))
            .add_option(text(Column::Name, filter.name.as_deref()))
            .add_option(text(Column::Digest, filter.digest.as_deref()))
            .add_option(text(Column::Status, filter.status.map(ImageStatus::as_str)))
    }

    fn order(order: ImageOrder, direction: Direction) -> Order<Entity> {
        let (column, value_of): (Column, fn(&Model) -> CursorValue) = match order {
            ImageOrder::CreatedAt => (Column::CreatedAt, |row| {
                CursorValue::Integer(row.created_at)
            }),
            ImageOrder::UpdatedAt => (Column::UpdatedAt, |row| {
                CursorValue::Integer(row.updated_at)
            }),
            ImageOrder::Name => (Column::Name, |row| CursorValue::Text(row.name.clone())),
        };
        Order {
            name: order.name(),
            column,
            direction,
            value_of,
        }
    }
}

pub(crate) async fn find_by_key(
    store: &Store,
    ctx: &Ctx,
    project: &ProjectId,
    registry: &str,
    name: &str,
    build: BuildId,
) -> Result<Option<ContainerImage>, StoreError> {
    let condition = of_name(project, registry, name).add(Column::BuildId.eq(build.to_string()));
    store.list::<ImageList>(ctx).one(condition).await
}

fn of_name(project: &ProjectId, registry: &str, name: &str) -> Condition {
    Condition::all()
        .add(Column::ProjectId.eq(project.as_str()))
        .add(Column::Registry.eq(registry))
        .add(Column::Name.eq(name))
}

/// Whether a later build of the image's name has an image in the same registry.
pub(crate) async fn has_newer(
    store: &Store,
    ctx: &Ctx,
    image: &ContainerImage,
) -> Result<bool, StoreError> {
    let condition = of_name(&image.meta.project_id, &image.registry, &image.name)
        .add(Column::Status.eq(ImageStatus::Built.as_str()))
        .add(Column::BuildId.gt(image.build_id.to_string()));
    Ok(store.find::<Entity>(ctx).one(condition).await?.is_some())
}

pub(crate) async fn find_by_builds(
    store: &Store,
    ctx: &Ctx,
    builds: &[BuildId],
) -> Result<Vec<Arc<ContainerImage>>, StoreError> {
    let builds = builds.iter().map(ToString::to_string).collect();
    store
        .list::<ImageList>(ctx)
        .by_values(Column::BuildId, builds, Condition::all())
        .await
}

pub(crate) async fn find_by_digests(
    store: &Store,
    ctx: &Ctx,
    digests: &[String],
) -> Result<Vec<Arc<ContainerImage>>, StoreError> {
    store
        .list::<ImageList>(ctx)
        .by_values(Column::Digest, digests.to_vec(), Condition::all())
        .await
}

/// Images of every tenant that somebody is to take up.
pub(crate) async fn due(
    store: &Store,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<ContainerImage>, StoreError> {
    let condition = Condition::all().add(Column::DueAt.lte(micros(now)));
    store.list_everywhere::<ImageList>(condition, limit).await
}

pub(crate) async fn insert(tx: &Tx, image: &ContainerImage) -> Result<(), StoreError> {
    tx.insert::<Entity>(image.try_into()?).await
}

pub(crate) async fn update(tx: &Tx, image: &mut ContainerImage) -> Result<(), StoreError> {
    image.meta.version = tx.update::<Entity>((&*image).try_into()?).await?;
    Ok(())
}

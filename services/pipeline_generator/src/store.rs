//! Finders and saves of definitions: the only code of the service that names columns.

pub(crate) mod generations;

use std::{collections::HashMap, sync::Arc};

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, Page, PageRequest, page::CursorValue};
use sluice_schema::{ModuleId, PipelineId, ProjectId, RepositoryId};
use sluice_store::{Finder, Order, Store, StoreError, Tx};

use crate::{
    PipelineDefinition, PipelineStatus,
    entity::{Column, Entity, Model},
};

/// Which definitions a list shows; absent fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PipelineFilter {
    /// Of this project.
    pub project_id: Option<ProjectId>,
    /// Of this module.
    pub module_id: Option<ModuleId>,
    /// Of this repository.
    pub repository_id: Option<RepositoryId>,
    /// Last generated for this branch.
    pub branch: Option<String>,
    /// Last generated for this commit.
    pub commit_sha: Option<String>,
    /// Of this status.
    pub status: Option<PipelineStatus>,
}

/// The orders of a list of definitions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum PipelineOrder {
    /// By creation.
    #[default]
    CreatedAt,
    /// By last change.
    UpdatedAt,
}

impl PipelineFilter {
    fn condition(&self) -> Condition {
        let text = |column: Column, value: Option<&str>| value.map(|value| column.eq(value));
        Condition::all()
            .add_option(text(
                Column::ProjectId,
                self.project_id.as_ref().map(ProjectId::as_str),
            ))
            .add_option(text(
                Column::ModuleId,
                self.module_id.as_ref().map(ModuleId::as_str),
            ))
            .add_option(
                self.repository_id
                    .map(|id| Column::RepositoryId.eq(id.to_string())),
            )
            .add_option(text(Column::Branch, self.branch.as_deref()))
            .add_option(text(Column::CommitSha, self.commit_sha.as_deref()))
            .add_option(text(
                Column::Status,
                self.status.map(PipelineStatus::as_str),
            ))
    }
}

impl PipelineOrder {
    /// Its name in cursors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "CREATED_AT",
            Self::UpdatedAt => "UPDATED_AT",
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
        };
        Order {
            name: self.name(),
            column,
            direction,
            value_of,
        }
    }
}

fn models(rows: Vec<Model>) -> Result<Vec<Arc<PipelineDefinition>>, StoreError> {
    rows.into_iter()
        .map(|row| Ok(Arc::new(row.try_into()?)))
        .collect()
}

fn page_of(page: Page<Model>) -> Result<Page<Arc<PipelineDefinition>>, StoreError> {
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
    id: PipelineId,
) -> Result<Option<PipelineDefinition>, StoreError> {
    let row = store.find::<Entity>(ctx).by_id(&id.to_string()).await?;
    row.map(TryInto::try_into).transpose()
}

pub(crate) async fn find_many(
    store: &Store,
    ctx: &Ctx,
    ids: impl IntoIterator<Item = PipelineId>,
) -> Result<Vec<Arc<PipelineDefinition>>, StoreError> {
    let ids = ids.into_iter().map(|id| id.to_string());
    models(store.find::<Entity>(ctx).by_ids(ids).await?)
}

async fn with_content(
    finder: Finder<'_, Entity>,
    repository: RepositoryId,
    content_digest: &str,
) -> Result<Option<PipelineDefinition>, StoreError> {
    let condition = Condition::all()
        .add(Column::RepositoryId.eq(repository.to_string()))
        .add(Column::ContentDigest.eq(content_digest));
    let row = finder.one(condition).await?;
    row.map(TryInto::try_into).transpose()
}

/// The repository's definition with this content.
pub(crate) async fn find_by_content(
    store: &Store,
    ctx: &Ctx,
    repository: RepositoryId,
    content_digest: &str,
) -> Result<Option<PipelineDefinition>, StoreError> {
    with_content(store.find(ctx), repository, content_digest).await
}

/// The same, inside a transaction.
pub(crate) async fn find_by_content_in(
    tx: &Tx,
    repository: RepositoryId,
    content_digest: &str,
) -> Result<Option<PipelineDefinition>, StoreError> {
    with_content(tx.find(), repository, content_digest).await
}

pub(crate) async fn page(
    store: &Store,
    ctx: &Ctx,
    filter: &PipelineFilter,
    (order, direction): (PipelineOrder, Direction),
    request: &PageRequest,
) -> Result<Page<Arc<PipelineDefinition>>, StoreError> {
    let order = order.order(direction);
    let finder = store.find::<Entity>(ctx);
    page_of(finder.page(filter.condition(), &order, request).await?)
}

pub(crate) async fn count(
    store: &Store,
    ctx: &Ctx,
    filter: &PipelineFilter,
) -> Result<u64, StoreError> {
    store.find::<Entity>(ctx).count(filter.condition()).await
}

fn by_parent<T>(groups: HashMap<String, T>) -> Result<HashMap<RepositoryId, T>, StoreError> {
    groups
        .into_iter()
        .map(|(key, value)| {
            let key = key.parse();
            let key = key.map_err(|e| StoreError::damaged("PipelineDefinition", e))?;
            Ok((key, value))
        })
        .collect()
}

pub(crate) async fn pages_by_repository(
    store: &Store,
    ctx: &Ctx,
    repositories: &[RepositoryId],
    filter: &PipelineFilter,
    (order, direction): (PipelineOrder, Direction),
    request: &PageRequest,
) -> Result<HashMap<RepositoryId, Page<Arc<PipelineDefinition>>>, StoreError> {
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
    filter: &PipelineFilter,
) -> Result<HashMap<RepositoryId, u64>, StoreError> {
    let parents = repositories.iter().map(ToString::to_string);
    let counts = store
        .find::<Entity>(ctx)
        .count_per_parent(Column::RepositoryId, parents, filter.condition())
        .await?;
    by_parent(counts)
}

pub(crate) async fn insert(tx: &Tx, definition: &PipelineDefinition) -> Result<(), StoreError> {
    tx.insert::<Entity>(definition.try_into()?).await
}

pub(crate) async fn update(tx: &Tx, definition: &mut PipelineDefinition) -> Result<(), StoreError> {
    let row = (&*definition).try_into()?;
    definition.meta.version = tx.update::<Entity>(row).await?;
    Ok(())
}

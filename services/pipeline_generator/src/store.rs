//! Finders and saves of definitions: the only code of the service that names columns.

pub(crate) mod generations;

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, page::CursorValue};
use sluice_schema::{ModuleId, ProjectId, RepositoryId};
use sluice_store::{List, Listing, Order, Store, StoreError, Tx};

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

impl PipelineOrder {
    /// Its name in cursors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "CREATED_AT",
            Self::UpdatedAt => "UPDATED_AT",
        }
    }
}

pub(crate) struct PipelineList;

impl Listing for PipelineList {
    type Entity = Entity;
    type Aggregate = PipelineDefinition;
    type Filter = PipelineFilter;
    type Order = PipelineOrder;

    fn condition(filter: &PipelineFilter) -> Condition {
        let text = |column: Column, value: Option<&str>| value.map(|value| column.eq(value));
        Condition::all()
            .add_option(text(
                Column::ProjectId,
                filter.project_id.as_ref().map(ProjectId::as_str),
            ))
            .add_option(text(
                Column::ModuleId,
                filter.module_id.as_ref().map(ModuleId::as_str),
            ))
            .add_option(
                filter
                    .repository_id
                    .map(|id| Column::RepositoryId.eq(id.to_string())),
            )
            .add_option(text(Column::Branch, filter.branch.as_deref()))
            .add_option(text(Column::CommitSha, filter.commit_sha.as_deref()))
            .add_option(text(
                Column::Status,
                filter.status.map(PipelineStatus::as_str),
            ))
    }

    fn order(order: PipelineOrder, direction: Direction) -> Order<Entity> {
        let (column, value_of): (Column, fn(&Model) -> CursorValue) = match order {
            PipelineOrder::CreatedAt => (Column::CreatedAt, |row| {
                CursorValue::Integer(row.created_at)
            }),
            PipelineOrder::UpdatedAt => (Column::UpdatedAt, |row| {
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

async fn with_content(
    list: List<'_, PipelineList>,
    repository: RepositoryId,
    content_digest: &str,
) -> Result<Option<PipelineDefinition>, StoreError> {
    let condition = Condition::all()
        .add(Column::RepositoryId.eq(repository.to_string()))
        .add(Column::ContentDigest.eq(content_digest));
    list.one(condition).await
}

/// The repository's definition with this content.
pub(crate) async fn find_by_content(
    store: &Store,
    ctx: &Ctx,
    repository: RepositoryId,
    content_digest: &str,
) -> Result<Option<PipelineDefinition>, StoreError> {
    with_content(store.list(ctx), repository, content_digest).await
}

/// The same, inside a transaction.
pub(crate) async fn find_by_content_in(
    tx: &Tx,
    repository: RepositoryId,
    content_digest: &str,
) -> Result<Option<PipelineDefinition>, StoreError> {
    with_content(tx.list(), repository, content_digest).await
}

pub(crate) async fn insert(tx: &Tx, definition: &PipelineDefinition) -> Result<(), StoreError> {
    tx.insert::<Entity>(definition.try_into()?).await
}

pub(crate) async fn update(tx: &Tx, definition: &mut PipelineDefinition) -> Result<(), StoreError> {
    let row = (&*definition).try_into()?;
    definition.meta.version = tx.update::<Entity>(row).await?;
    Ok(())
}

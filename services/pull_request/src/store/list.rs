//! Lists of pull requests: filter, orders, pages, counts.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, Page, PageRequest, page::CursorValue};
use sluice_schema::{ProjectId, RepositoryId};
use sluice_store::{Order, Store, StoreError};

use crate::{
    PullRequest, PullRequestStatus,
    entity::{Column, Entity, Model},
};

/// Which pull requests a list shows; absent fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PullRequestFilter {
    /// Of this project.
    pub project_id: Option<ProjectId>,
    /// Of this repository.
    pub repository_id: Option<RepositoryId>,
    /// Of this status.
    pub status: Option<PullRequestStatus>,
    /// From this branch.
    pub source_branch: Option<String>,
    /// To this branch.
    pub target_branch: Option<String>,
    /// Opened by this actor.
    pub author: Option<String>,
}

/// The orders of a list of pull requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum PullRequestOrder {
    /// By creation.
    #[default]
    CreatedAt,
    /// By last change.
    UpdatedAt,
    /// By number in the repository.
    Number,
}

impl PullRequestFilter {
    fn condition(&self) -> Condition {
        let text = |column: Column, value: &Option<String>| {
            value.as_ref().map(|value| column.eq(value.as_str()))
        };
        let project = self.project_id.as_ref();
        let repository = self.repository_id.as_ref();
        Condition::all()
            .add_option(project.map(|id| Column::ProjectId.eq(id.as_str())))
            .add_option(repository.map(|id| Column::RepositoryId.eq(id.to_string())))
            .add_option(self.status.map(|status| Column::Status.eq(status.as_str())))
            .add_option(text(Column::SourceBranch, &self.source_branch))
            .add_option(text(Column::TargetBranch, &self.target_branch))
            .add_option(text(Column::Author, &self.author))
    }
}

impl PullRequestOrder {
    /// Its name in cursors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "CREATED_AT",
            Self::UpdatedAt => "UPDATED_AT",
            Self::Number => "NUMBER",
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
            Self::Number => (Column::Number, |row| CursorValue::Integer(row.number)),
        };
        Order {
            name: self.name(),
            column,
            direction,
            value_of,
        }
    }
}

fn page_of(page: Page<Model>) -> Result<Page<Arc<PullRequest>>, StoreError> {
    let Page {
        items,
        cursors,
        has_next,
        has_previous,
    } = page;
    Ok(Page {
        items: super::lookup::shared(items)?,
        cursors,
        has_next,
        has_previous,
    })
}

pub(crate) async fn page(
    store: &Store,
    ctx: &Ctx,
    filter: &PullRequestFilter,
    (order, direction): (PullRequestOrder, Direction),
    request: &PageRequest,
) -> Result<Page<Arc<PullRequest>>, StoreError> {
    let order = order.order(direction);
    let finder = store.find::<Entity>(ctx);
    page_of(finder.page(filter.condition(), &order, request).await?)
}

pub(crate) async fn count(
    store: &Store,
    ctx: &Ctx,
    filter: &PullRequestFilter,
) -> Result<u64, StoreError> {
    store.find::<Entity>(ctx).count(filter.condition()).await
}

/// Ids come from the service's own rows: one that does not parse is a damaged row.
fn keyed<V>(
    groups: HashMap<String, V>,
) -> Result<impl Iterator<Item = (RepositoryId, V)>, StoreError> {
    let keyed: Result<Vec<_>, StoreError> = groups
        .into_iter()
        .map(|(key, value)| {
            let id = key.parse();
            let id = id.map_err(|e| StoreError::damaged("PullRequest", e))?;
            Ok((id, value))
        })
        .collect();
    Ok(keyed?.into_iter())
}

pub(crate) async fn pages_by_repository(
    store: &Store,
    ctx: &Ctx,
    repositories: &[RepositoryId],
    filter: &PullRequestFilter,
    (order, direction): (PullRequestOrder, Direction),
    request: &PageRequest,
) -> Result<HashMap<RepositoryId, Page<Arc<PullRequest>>>, StoreError> {
    let order = order.order(direction);
    let groups = store
        .find::<Entity>(ctx)
        .page_per_parent(
            Column::RepositoryId,
            repositories.iter().map(ToString::to_string),
            |row| row.repository_id.clone(),
            filter.condition(),
            &order,
            request,
        )
        .await?;
    keyed(groups)?
        .map(|(id, page)| Ok((id, page_of(page)?)))
        .collect()
}

pub(crate) async fn counts_by_repository(
    store: &Store,
    ctx: &Ctx,
    repositories: &[RepositoryId],
    filter: &PullRequestFilter,
) -> Result<HashMap<RepositoryId, u64>, StoreError> {
    let repositories = repositories.iter().map(ToString::to_string);
    let finder = store.find::<Entity>(ctx);
    let counts = finder
        .count_per_parent(Column::RepositoryId, repositories, filter.condition())
        .await?;
    Ok(keyed(counts)?.collect())
}

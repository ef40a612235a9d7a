//! Lists of pull requests: filter, orders, pages, counts.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, Page, PageRequest, page::CursorValue};
use sluice_schema::{ProjectId, RepositoryId};
use sluice_store::{Order, Store, StoreError};

use crate::{
    PullRequest, PullRequestStatus,
    entity::{Column, Entity, Model, source_key},
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

/// What a list of pull requests hangs on.
pub(crate) trait Parent: Clone + Eq + std::hash::Hash {
    const COLUMN: Column;
    fn key(&self) -> String;
    fn key_of(row: &Model) -> String;
}

impl Parent for RepositoryId {
    const COLUMN: Column = Column::RepositoryId;
    fn key(&self) -> String {
        self.to_string()
    }
    fn key_of(row: &Model) -> String {
        row.repository_id.clone()
    }
}

// A source branch.
impl Parent for (RepositoryId, String) {
    const COLUMN: Column = Column::SourceKey;
    fn key(&self) -> String {
        source_key(self.0, &self.1)
    }
    fn key_of(row: &Model) -> String {
        row.source_key.clone()
    }
}

fn by_parent<P: Parent, V>(parents: &[P], mut groups: HashMap<String, V>) -> HashMap<P, V> {
    let found = parents.iter().filter_map(|parent| {
        let group = groups.remove(&parent.key())?;
        Some((parent.clone(), group))
    });
    found.collect()
}

pub(crate) async fn pages_by<P: Parent>(
    store: &Store,
    ctx: &Ctx,
    parents: &[P],
    filter: &PullRequestFilter,
    (order, direction): (PullRequestOrder, Direction),
    request: &PageRequest,
) -> Result<HashMap<P, Page<Arc<PullRequest>>>, StoreError> {
    let order = order.order(direction);
    let groups = store
        .find::<Entity>(ctx)
        .page_per_parent(
            P::COLUMN,
            parents.iter().map(Parent::key),
            P::key_of,
            filter.condition(),
            &order,
            request,
        )
        .await?;
    by_parent(parents, groups)
        .into_iter()
        .map(|(parent, page)| Ok((parent, page_of(page)?)))
        .collect()
}

pub(crate) async fn counts_by<P: Parent>(
    store: &Store,
    ctx: &Ctx,
    parents: &[P],
    filter: &PullRequestFilter,
) -> Result<HashMap<P, u64>, StoreError> {
    let keys = parents.iter().map(Parent::key);
    let finder = store.find::<Entity>(ctx);
    let counts = finder.count_per_parent(P::COLUMN, keys, filter.condition());
    Ok(by_parent(parents, counts.await?))
}

//! Finders and saves of runs: the only code of the service that names columns.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, Page, PageRequest, page::CursorValue};
use sluice_schema::{PipelineId, ProjectId, RepositoryId, RunId};
use sluice_store::{Order, Store, StoreError, Tx, in_set};

use crate::{
    PipelineRun, RunOutcome, RunStatus,
    entity::{Column, Entity, Model},
};

mod work;

pub(crate) use work::{Holder, littered, lost, queue_heads};

/// Which runs a list shows; absent fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PipelineRunFilter {
    /// Of this project.
    pub project_id: Option<ProjectId>,
    /// Of this definition.
    pub pipeline_id: Option<PipelineId>,
    /// Of this repository.
    pub repository_id: Option<RepositoryId>,
    /// Of this branch.
    pub branch: Option<String>,
    /// Of this commit.
    pub commit_sha: Option<String>,
    /// Of this status.
    pub status: Option<RunStatus>,
    /// That ended so.
    pub outcome: Option<RunOutcome>,
}

/// The orders of a list of runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum PipelineRunOrder {
    /// By creation.
    #[default]
    CreatedAt,
    /// By last change.
    UpdatedAt,
    /// By number in the repository.
    Number,
}

impl PipelineRunFilter {
    fn condition(&self) -> Condition {
        Condition::all()
            .add_option(
                self.project_id
                    .as_ref()
                    .map(|id| Column::ProjectId.eq(id.as_str())),
            )
            .add_option(
                self.pipeline_id
                    .map(|id| Column::PipelineId.eq(id.to_string())),
            )
            .add_option(
                self.repository_id
                    .map(|id| Column::RepositoryId.eq(id.to_string())),
            )
            .add_option(
                self.branch
                    .as_ref()
                    .map(|name| Column::Branch.eq(name.as_str())),
            )
            .add_option(
                self.commit_sha
                    .as_ref()
                    .map(|sha| Column::CommitSha.eq(sha.as_str())),
            )
            .add_option(self.status.map(|status| Column::Status.eq(status.as_str())))
            .add_option(
                self.outcome
                    .map(|outcome| Column::Outcome.eq(outcome.as_str())),
            )
    }
}

impl PipelineRunOrder {
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

/// What runs are grouped by in a list for several parents.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Parent {
    Pipeline,
    Repository,
}

impl Parent {
    fn column(self) -> (Column, fn(&Model) -> String) {
        match self {
            Self::Pipeline => (Column::PipelineId, |row| row.pipeline_id.clone()),
            Self::Repository => (Column::RepositoryId, |row| row.repository_id.clone()),
        }
    }
}

fn models(rows: Vec<Model>) -> Result<Vec<Arc<PipelineRun>>, StoreError> {
    rows.into_iter()
        .map(|row| Ok(Arc::new(row.try_into()?)))
        .collect()
}

fn page_of(page: Page<Model>) -> Result<Page<Arc<PipelineRun>>, StoreError> {
    Ok(Page {
        items: models(page.items)?,
        cursors: page.cursors,
        has_next: page.has_next,
        has_previous: page.has_previous,
    })
}

fn natural_key(pipeline: PipelineId, commit: &str, attempt: u32) -> Condition {
    Condition::all()
        .add(Column::PipelineId.eq(pipeline.to_string()))
        .add(Column::CommitSha.eq(commit))
        .add(Column::Attempt.eq(i64::from(attempt)))
}

pub(crate) async fn find(
    store: &Store,
    ctx: &Ctx,
    id: RunId,
) -> Result<Option<PipelineRun>, StoreError> {
    store
        .find::<Entity>(ctx)
        .by_id(&id.to_string())
        .await?
        .map(TryInto::try_into)
        .transpose()
}

pub(crate) async fn find_in(tx: &Tx, id: RunId) -> Result<Option<PipelineRun>, StoreError> {
    let row = tx.find::<Entity>().by_id(&id.to_string()).await?;
    row.map(TryInto::try_into).transpose()
}

pub(crate) async fn find_attempt(
    store: &Store,
    ctx: &Ctx,
    pipeline: PipelineId,
    commit: &str,
    attempt: u32,
) -> Result<Option<PipelineRun>, StoreError> {
    let row = store
        .find::<Entity>(ctx)
        .one(natural_key(pipeline, commit, attempt))
        .await?;
    row.map(TryInto::try_into).transpose()
}

pub(crate) async fn has_attempt(
    tx: &Tx,
    pipeline: PipelineId,
    commit: &str,
    attempt: u32,
) -> Result<bool, StoreError> {
    let key = natural_key(pipeline, commit, attempt);
    Ok(tx.find::<Entity>().one(key).await?.is_some())
}

pub(crate) async fn find_many(
    store: &Store,
    ctx: &Ctx,
    ids: &[RunId],
) -> Result<Vec<Arc<PipelineRun>>, StoreError> {
    models(
        store
            .find::<Entity>(ctx)
            .by_ids(ids.iter().map(ToString::to_string))
            .await?,
    )
}

/// Runs of the commits of the repositories: a superset of the wanted pairs.
pub(crate) async fn find_by_commits(
    store: &Store,
    ctx: &Ctx,
    keys: &[(RepositoryId, String)],
) -> Result<Vec<Arc<PipelineRun>>, StoreError> {
    let repositories = keys.iter().map(|(repository, _)| repository.to_string());
    let repositories = in_set(store.backend(), "repository_id", repositories);
    let shas = keys.iter().map(|(_, sha)| sha.clone());
    let found = store.find::<Entity>(ctx);
    let condition = Condition::all().add(repositories);
    models(found.by_values(Column::CommitSha, shas, condition).await?)
}

pub(crate) async fn page(
    store: &Store,
    ctx: &Ctx,
    filter: &PipelineRunFilter,
    (order, direction): (PipelineRunOrder, Direction),
    request: &PageRequest,
) -> Result<Page<Arc<PipelineRun>>, StoreError> {
    let order = order.order(direction);
    let found = store.find::<Entity>(ctx);
    page_of(found.page(filter.condition(), &order, request).await?)
}

pub(crate) async fn count(
    store: &Store,
    ctx: &Ctx,
    filter: &PipelineRunFilter,
) -> Result<u64, StoreError> {
    store.find::<Entity>(ctx).count(filter.condition()).await
}

pub(crate) async fn pages_by(
    store: &Store,
    ctx: &Ctx,
    (parent, parents): (Parent, Vec<String>),
    filter: &PipelineRunFilter,
    (order, direction): (PipelineRunOrder, Direction),
    request: &PageRequest,
) -> Result<HashMap<String, Page<Arc<PipelineRun>>>, StoreError> {
    let order = order.order(direction);
    let (column, parent_of) = parent.column();
    let pages = store
        .find::<Entity>(ctx)
        .page_per_parent(
            column,
            parents,
            parent_of,
            filter.condition(),
            &order,
            request,
        )
        .await?;
    pages
        .into_iter()
        .map(|(parent, page)| Ok((parent, page_of(page)?)))
        .collect()
}

pub(crate) async fn counts_by(
    store: &Store,
    ctx: &Ctx,
    (parent, parents): (Parent, Vec<String>),
    filter: &PipelineRunFilter,
) -> Result<HashMap<String, u64>, StoreError> {
    let (column, _) = parent.column();
    let found = store.find::<Entity>(ctx);
    found
        .count_per_parent(column, parents, filter.condition())
        .await
}

/// Inserts a run under the repository's next number; two that do so at once meet at the number
/// or at the natural key.
pub(crate) async fn insert(tx: &Tx, run: &mut PipelineRun) -> Result<(), StoreError> {
    let of_repository = Column::RepositoryId.eq(run.repository_id.to_string());
    let order = PipelineRunOrder::Number.order(Direction::Descending);
    let last = tx
        .find::<Entity>()
        .page(
            Condition::all().add(of_repository),
            &order,
            &PageRequest::first(1),
        )
        .await?;
    let last = last.items.first().map_or(0, |row| row.number);
    run.number = last.unsigned_abs() + 1;
    run.build_number = run.number.to_string();
    tx.insert::<Entity>((&*run).try_into()?).await
}

pub(crate) async fn update(tx: &Tx, run: &mut PipelineRun) -> Result<(), StoreError> {
    run.meta.version = tx.update::<Entity>((&*run).try_into()?).await?;
    Ok(())
}

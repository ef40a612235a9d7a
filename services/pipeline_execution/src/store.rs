//! Finders and saves of runs: the only code of the service that names columns.

use std::sync::Arc;

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, PageRequest, page::CursorValue};
use sluice_schema::{PipelineId, ProjectId, RepositoryId, RunId};
use sluice_store::{Listing, Order, Store, StoreError, Tx, in_set};

use crate::{
    PipelineRun, RunOutcome, RunStatus,
    entity::{Column, Entity, Model},
};

mod parts;
mod work;

pub(crate) use parts::{LogPart, StepLines, add_parts, all_parts, end_log, parts_from, rest};
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

impl PipelineRunOrder {
    /// Its name in cursors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "CREATED_AT",
            Self::UpdatedAt => "UPDATED_AT",
            Self::Number => "NUMBER",
        }
    }
}

pub(crate) struct PipelineRunList;

impl Listing for PipelineRunList {
    type Entity = Entity;
    type Aggregate = PipelineRun;
    type Filter = PipelineRunFilter;
    type Order = PipelineRunOrder;

    fn condition(filter: &PipelineRunFilter) -> Condition {
        Condition::all()
            .add_option(
                filter
                    .project_id
                    .as_ref()
                    .map(|id| Column::ProjectId.eq(id.as_str())),
            )
            .add_option(
                filter
                    .pipeline_id
                    .map(|id| Column::PipelineId.eq(id.to_string())),
            )
            .add_option(
                filter
                    .repository_id
                    .map(|id| Column::RepositoryId.eq(id.to_string())),
            )
            .add_option(
                filter
                    .branch
                    .as_ref()
                    .map(|name| Column::Branch.eq(name.as_str())),
            )
            .add_option(
                filter
                    .commit_sha
                    .as_ref()
                    .map(|sha| Column::CommitSha.eq(sha.as_str())),
            )
            .add_option(
                filter
                    .status
                    .map(|status| Column::Status.eq(status.as_str())),
            )
            .add_option(
                filter
                    .outcome
                    .map(|outcome| Column::Outcome.eq(outcome.as_str())),
            )
    }

    fn order(order: PipelineRunOrder, direction: Direction) -> Order<Entity> {
        let (column, value_of): (Column, fn(&Model) -> CursorValue) = match order {
            PipelineRunOrder::CreatedAt => (Column::CreatedAt, |row| {
                CursorValue::Integer(row.created_at)
            }),
            PipelineRunOrder::UpdatedAt => (Column::UpdatedAt, |row| {
                CursorValue::Integer(row.updated_at)
            }),
            PipelineRunOrder::Number => (Column::Number, |row| CursorValue::Integer(row.number)),
        };
        Order {
            name: order.name(),
            column,
            direction,
            value_of,
        }
    }
}

fn natural_key(pipeline: PipelineId, commit: &str, attempt: u32) -> Condition {
    Condition::all()
        .add(Column::PipelineId.eq(pipeline.to_string()))
        .add(Column::CommitSha.eq(commit))
        .add(Column::Attempt.eq(i64::from(attempt)))
}

pub(crate) async fn find_in(tx: &Tx, id: RunId) -> Result<Option<PipelineRun>, StoreError> {
    tx.list::<PipelineRunList>().by_id(id).await
}

pub(crate) async fn find_attempt(
    store: &Store,
    ctx: &Ctx,
    pipeline: PipelineId,
    commit: &str,
    attempt: u32,
) -> Result<Option<PipelineRun>, StoreError> {
    let key = natural_key(pipeline, commit, attempt);
    store.list::<PipelineRunList>(ctx).one(key).await
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

/// Runs of the commits of the repositories: a superset of the wanted pairs.
pub(crate) async fn find_by_commits(
    store: &Store,
    ctx: &Ctx,
    keys: &[(RepositoryId, String)],
) -> Result<Vec<Arc<PipelineRun>>, StoreError> {
    let repositories = keys.iter().map(|(repository, _)| repository.to_string());
    let repositories = in_set(store.backend(), "repository_id", repositories);
    let shas = keys.iter().map(|(_, sha)| sha.clone()).collect();
    let list = store.list::<PipelineRunList>(ctx);
    let condition = Condition::all().add(repositories);
    list.by_values(Column::CommitSha, shas, condition).await
}

/// Inserts a run under the repository's next number; two that do so at once meet at the number
/// or at the natural key.
pub(crate) async fn insert(tx: &Tx, run: &mut PipelineRun) -> Result<(), StoreError> {
    let of_repository = Column::RepositoryId.eq(run.repository_id.to_string());
    let order = PipelineRunList::order(PipelineRunOrder::Number, Direction::Descending);
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

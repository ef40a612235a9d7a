//! Finders and saves of build results: the only code of the service that names columns.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, Page, PageRequest, page::CursorValue};
use sluice_schema::{BuildId, ProjectId, RepositoryId, RunId};
use sluice_store::{Listing, Order, Store, StoreError, Tx};

use crate::{
    BuildResult, BuildStatus, TestCase, TestOutcome,
    entity::{Column, Entity, Model, test_case},
};

/// Which build results a list shows; absent fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct BuildFilter {
    /// Of this project.
    pub project_id: Option<ProjectId>,
    /// Of this repository.
    pub repository_id: Option<RepositoryId>,
    /// Of this status.
    pub status: Option<BuildStatus>,
    /// Of this branch.
    pub branch: Option<String>,
    /// Of this commit.
    pub commit_sha: Option<String>,
    /// Of this run.
    pub run_id: Option<RunId>,
}

/// The orders of a list of build results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum BuildOrder {
    /// By creation.
    #[default]
    CreatedAt,
    /// By last change.
    UpdatedAt,
}

/// Which test cases a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TestCaseFilter {
    /// With one of these outcomes; all when empty.
    pub outcomes: Vec<TestOutcome>,
}

/// The name of the order of test cases in cursors: by outcome, failures first.
pub const TEST_CASE_ORDER: &str = "OUTCOME";

impl BuildOrder {
    /// Its name in cursors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "CREATED_AT",
            Self::UpdatedAt => "UPDATED_AT",
        }
    }
}

pub(crate) struct BuildList;

impl Listing for BuildList {
    type Entity = Entity;
    type Aggregate = BuildResult;
    type Filter = BuildFilter;
    type Order = BuildOrder;

    fn condition(filter: &BuildFilter) -> Condition {
        Condition::all()
            .add_option(
                filter
                    .project_id
                    .as_ref()
                    .map(|id| Column::ProjectId.eq(id.as_str())),
            )
            .add_option(
                filter
                    .repository_id
                    .map(|id| Column::RepositoryId.eq(id.to_string())),
            )
            .add_option(
                filter
                    .status
                    .map(|status| Column::Status.eq(status.as_str())),
            )
            .add_option(
                filter
                    .branch
                    .as_ref()
                    .map(|branch| Column::Branch.eq(branch.as_str())),
            )
            .add_option(
                filter
                    .commit_sha
                    .as_ref()
                    .map(|sha| Column::CommitSha.eq(sha.as_str())),
            )
            .add_option(filter.run_id.map(|id| Column::RunId.eq(id.to_string())))
    }

    fn order(order: BuildOrder, direction: Direction) -> Order<Entity> {
        let (column, value_of): (Column, fn(&Model) -> CursorValue) = match order {
            BuildOrder::CreatedAt => (Column::CreatedAt, |row| {
                CursorValue::Integer(row.created_at)
            }),
            BuildOrder::UpdatedAt => (Column::UpdatedAt, |row| {
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

pub(crate) async fn find_by_run_key(
    store: &Store,
    ctx: &Ctx,
    run_key: &str,
) -> Result<Option<Arc<BuildResult>>, StoreError> {
    let condition = Condition::all().add(Column::RunKey.eq(run_key));
    Ok(store
        .list::<BuildList>(ctx)
        .one(condition)
        .await?
        .map(Arc::new))
}

pub(crate) async fn find_by_runs(
    store: &Store,
    ctx: &Ctx,
    runs: &[RunId],
) -> Result<Vec<Arc<BuildResult>>, StoreError> {
    let runs = runs.iter().map(ToString::to_string).collect();
    store
        .list::<BuildList>(ctx)
        .by_values(Column::RunId, runs, Condition::all())
        .await
}

pub(crate) async fn find_by_shas(
    store: &Store,
    ctx: &Ctx,
    shas: Vec<String>,
) -> Result<Vec<Arc<BuildResult>>, StoreError> {
    store
        .list::<BuildList>(ctx)
        .by_values(Column::CommitSha, shas, Condition::all())
        .await
}

// Failures first; within one outcome in the order of the reports.
fn case_order() -> Order<test_case::Entity> {
    let value_of = |row: &test_case::Model| CursorValue::Integer(row.rank.into());
    let column = test_case::Column::Rank;
    Order {
        name: TEST_CASE_ORDER,
        column,
        direction: Direction::Ascending,
        value_of,
    }
}

fn outcomes(filter: &TestCaseFilter) -> Condition {
    let names = filter.outcomes.iter().map(|outcome| outcome.as_str());
    let wanted = (!filter.outcomes.is_empty()).then(|| test_case::Column::Outcome.is_in(names));
    Condition::all().add_option(wanted)
}

fn case_page(page: Page<test_case::Model>) -> Result<Page<TestCase>, StoreError> {
    let Page {
        items,
        cursors,
        has_next,
        has_previous,
    } = page;
    let items = items
        .into_iter()
        .map(TryInto::try_into)
        .collect::<Result<_, _>>()?;
    Ok(Page {
        items,
        cursors,
        has_next,
        has_previous,
    })
}

// Rows of a build by its id; keys that nobody asked for cannot come back.
fn by_build<T>(builds: &[BuildId], mut groups: HashMap<String, T>) -> HashMap<BuildId, T> {
    let found = builds.iter().filter_map(|build| {
        let group = groups.remove(&build.to_string())?;
        Some((*build, group))
    });
    found.collect()
}

/// One page of test cases for each build, in one statement.
pub(crate) async fn test_case_pages(
    store: &Store,
    ctx: &Ctx,
    builds: &[BuildId],
    filter: &TestCaseFilter,
    request: &PageRequest,
) -> Result<HashMap<BuildId, Page<TestCase>>, StoreError> {
    let pages = store
        .find::<test_case::Entity>(ctx)
        .page_per_parent(
            test_case::Column::BuildId,
            builds.iter().map(ToString::to_string),
            |row| row.build_id.clone(),
            outcomes(filter),
            &case_order(),
            request,
        )
        .await?;
    by_build(builds, pages)
        .into_iter()
        .map(|(build, page)| Ok((build, case_page(page)?)))
        .collect()
}

/// How many test cases match for each build, in one statement.
pub(crate) async fn test_case_counts(
    store: &Store,
    ctx: &Ctx,
    builds: &[BuildId],
    filter: &TestCaseFilter,
) -> Result<HashMap<BuildId, u64>, StoreError> {
    let ids = builds.iter().map(ToString::to_string);
    let finder = store.find::<test_case::Entity>(ctx);
    let counts = finder.count_per_parent(test_case::Column::BuildId, ids, outcomes(filter));
    Ok(by_build(builds, counts.await?))
}

pub(crate) async fn insert(
    tx: &Tx,
    build: &BuildResult,
    cases: &[TestCase],
) -> Result<(), StoreError> {
    tx.insert::<Entity>(build.try_into()?).await?;
    let id = build.id.to_string();
    let rows = cases
        .iter()
        .map(|case| test_case::row(&build.meta, &id, case))
        .collect();
    tx.insert_many::<test_case::Entity>(rows).await
}

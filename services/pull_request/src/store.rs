//! Finders and saves of pull requests: the only code of the service that names columns.

mod list;
mod lookup;

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, PageRequest, page::CursorValue};
use sluice_schema::{PullRequestId, RepositoryId};
use sluice_store::{Finder, Order, Store, StoreError, Tx};

pub(crate) use list::PullRequestList;
pub use list::{PullRequestFilter, PullRequestOrder};
pub(crate) use lookup::{find_by_merge_commits, find_by_source_shas, find_related, find_writers};

use crate::{
    PullRequest, PullRequestStatus,
    entity::{
        Column, Entity, Model,
        head_check::{Column as CheckColumn, Entity as CheckEntity},
    },
    model::{Check, HeadCheck},
};

/// Open pull requests that a repository may have at once.
pub(crate) const MAX_OPEN: u64 = 1_000;
const MAX_CHECKS: u64 = 100;

fn models(rows: Vec<Model>) -> Result<Vec<PullRequest>, StoreError> {
    rows.into_iter().map(TryInto::try_into).collect()
}

fn in_repository(repository: RepositoryId) -> Condition {
    Condition::all().add(Column::RepositoryId.eq(repository.to_string()))
}

/// Reads what the transaction is about to change.
pub(crate) async fn find_in(tx: &Tx, id: PullRequestId) -> Result<Option<PullRequest>, StoreError> {
    tx.list::<PullRequestList>().by_id(id).await
}

/// The pull request of these branches that is not closed.
pub(crate) async fn find_open(
    store: &Store,
    ctx: &Ctx,
    repository: RepositoryId,
    (source, target): (&str, &str),
) -> Result<Option<PullRequest>, StoreError> {
    let condition = in_repository(repository)
        .add(Column::SourceBranch.eq(source))
        .add(Column::TargetBranch.eq(target))
        .add(Column::ClosedMarker.eq(""));
    store.list::<PullRequestList>(ctx).one(condition).await
}

/// The pull request of this number.
pub(crate) async fn find_by_number(
    store: &Store,
    ctx: &Ctx,
    repository: RepositoryId,
    number: u64,
) -> Result<Option<PullRequest>, StoreError> {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    let condition = in_repository(repository).add(Column::Number.eq(number));
    store.list::<PullRequestList>(ctx).one(condition).await
}

/// Open pull requests from or to the branch; all of them, as their number is limited.
pub(crate) async fn open_touching(
    store: &Store,
    ctx: &Ctx,
    repository: RepositoryId,
    branch: &str,
) -> Result<Vec<PullRequest>, StoreError> {
    let touches = Condition::any()
        .add(Column::SourceBranch.eq(branch))
        .add(Column::TargetBranch.eq(branch));
    let condition = in_repository(repository)
        .add(Column::Status.eq(PullRequestStatus::Open.as_str()))
        .add(touches);
    let order = Order::by_id(Direction::Ascending);
    let request = PageRequest::first(MAX_OPEN);
    let finder = store.find::<Entity>(ctx);
    models(finder.page(condition, &order, &request).await?.items)
}

/// Open pull requests whose source has this head.
pub(crate) async fn open_at(
    tx: &Tx,
    repository: RepositoryId,
    sha: &str,
) -> Result<Vec<PullRequest>, StoreError> {
    let condition = in_repository(repository)
        .add(Column::Status.eq(PullRequestStatus::Open.as_str()))
        .add(Column::SourceSha.eq(sha));
    let order = Order::by_id(Direction::Ascending);
    let request = PageRequest::first(MAX_OPEN);
    models(
        tx.find::<Entity>()
            .page(condition, &order, &request)
            .await?
            .items,
    )
}

/// How many pull requests of the repository are not closed.
pub(crate) async fn count_open(tx: &Tx, repository: RepositoryId) -> Result<u64, StoreError> {
    let condition = in_repository(repository).add(Column::ClosedMarker.eq(""));
    tx.find::<Entity>().count(condition).await
}

/// The number that the repository's next pull request gets; two transactions may be told the
/// same, and the unique key lets one of them have it.
pub(crate) async fn next_number(tx: &Tx, repository: RepositoryId) -> Result<u64, StoreError> {
    let order = Order {
        name: "NUMBER",
        column: Column::Number,
        direction: Direction::Descending,
        value_of: |row: &Model| CursorValue::Integer(row.number),
    };
    let last = tx
        .find::<Entity>()
        .page(in_repository(repository), &order, &PageRequest::first(1))
        .await?;
    let last = last
        .items
        .first()
        .map_or(0, |row| row.number.unsigned_abs());
    Ok(last + 1)
}

/// Pull requests of every tenant whose merge is under way.
pub(crate) async fn merging(store: &Store, limit: u64) -> Result<Vec<PullRequest>, StoreError> {
    let condition = Condition::all().add(Column::Status.eq(PullRequestStatus::Merging.as_str()));
    store
        .list_everywhere::<PullRequestList>(condition, limit)
        .await
}

pub(crate) async fn insert(tx: &Tx, pull_request: &PullRequest) -> Result<(), StoreError> {
    tx.insert::<Entity>(pull_request.try_into()?).await
}

pub(crate) async fn update(tx: &Tx, pull_request: &mut PullRequest) -> Result<(), StoreError> {
    let row = Model::try_from(&*pull_request)?;
    pull_request.meta.version = tx.update::<Entity>(row).await?;
    Ok(())
}

async fn checks_from(
    finder: Finder<'_, CheckEntity>,
    repository: RepositoryId,
    sha: &str,
) -> Result<Vec<Check>, StoreError> {
    let condition = Condition::all()
        .add(CheckColumn::RepositoryId.eq(repository.to_string()))
        .add(CheckColumn::Sha.eq(sha));
    let order = Order::by_id(Direction::Ascending);
    let request = PageRequest::first(MAX_CHECKS);
    let page = finder.page(condition, &order, &request).await?;
    page.items
        .into_iter()
        .map(|row| Ok(HeadCheck::try_from(row)?.check))
        .collect()
}

/// What is known of a commit.
pub(crate) async fn checks(
    store: &Store,
    ctx: &Ctx,
    repository: RepositoryId,
    sha: &str,
) -> Result<Vec<Check>, StoreError> {
    checks_from(store.find(ctx), repository, sha).await
}

/// What is known of a commit, read inside the transaction.
pub(crate) async fn checks_in(
    tx: &Tx,
    repository: RepositoryId,
    sha: &str,
) -> Result<Vec<Check>, StoreError> {
    checks_from(tx.find(), repository, sha).await
}

/// Keeps a check of a commit unless a newer one of its name is kept.
pub(crate) async fn put_check(tx: &Tx, check: &HeadCheck) -> Result<(), StoreError> {
    let id = HeadCheck::id(check.repository_id, &check.check.sha, &check.check.name);
    let kept = tx.find::<CheckEntity>().by_id(&id).await?;
    let Some(kept) = kept.map(HeadCheck::try_from).transpose()? else {
        return tx.insert::<CheckEntity>(check.into()).await;
    };
    if !check.check.supersedes(&kept.check) {
        return Ok(());
    }
    let mut meta = kept.meta;
    meta.touch(tx.ctx(), check.meta.updated_at);
    let newer = HeadCheck {
        meta,
        ..check.clone()
    };
    tx.update::<CheckEntity>((&newer).into()).await?;
    Ok(())
}

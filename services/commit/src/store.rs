//! Finders and saves of commits: the only code of the service that names columns.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, PageRequest};
use sluice_schema::{CommitId, RepositoryId};
use sluice_store::{Order, Store, StoreError, Tx, in_set};

use crate::{
    Commit, CommitStatus,
    entity::{Column, Entity, branch_key},
};

mod list;

pub(crate) use list::CommitList;
pub use list::{CommitFilter, CommitOrder};

/// The commit that holds the natural key on the branch.
pub(crate) async fn find_by_key(
    store: &Store,
    ctx: &Ctx,
    (repository, branch): (RepositoryId, &str),
    key: &str,
) -> Result<Option<Commit>, StoreError> {
    let condition = Condition::all()
        .add(Column::BranchKey.eq(branch_key(repository, branch)))
        .add(Column::NaturalKey.eq(key));
    store.list::<CommitList>(ctx).one(condition).await
}

/// What makes a recorded commit the one that a command asks for.
pub(crate) enum Same<'a> {
    /// The tree that the branch would get.
    Tree(&'a str),
    /// The changes that were asked for.
    Changes(&'a str),
}

/// The newest commit on the branch that was not given up, of this artifact (or of none), and
/// the same in one respect; never `not`.
pub(crate) async fn newest(
    store: &Store,
    ctx: &Ctx,
    (repository, branch): (RepositoryId, &str),
    artifact: Option<&str>,
    same: Same<'_>,
    not: Option<CommitId>,
) -> Result<Option<Commit>, StoreError> {
    let condition = Condition::all()
        .add(Column::BranchKey.eq(branch_key(repository, branch)))
        .add(Column::Status.ne(CommitStatus::Failed.as_str()))
        .add(match artifact {
            Some(artifact) => Column::ArtifactId.eq(artifact),
            None => Column::ArtifactId.is_null(),
        })
        .add(match same {
            Same::Tree(tree) => Column::TreeHash.eq(tree),
            Same::Changes(digest) => Column::ChangesDigest.eq(digest),
        })
        .add_option(not.map(|id| Column::Id.ne(id.to_string())));
    let order = Order::<Entity>::by_id(Direction::Descending);
    let finder = store.find::<Entity>(ctx);
    let page = finder
        .page(condition, &order, &PageRequest::first(1))
        .await?;
    let newest = page.items.into_iter().next();
    newest.map(TryInto::try_into).transpose()
}

/// The commits with these Git object ids, in one statement. One that stands on several branches
/// is shown as it was first recorded.
pub(crate) async fn find_by_shas(
    store: &Store,
    ctx: &Ctx,
    keys: &[(RepositoryId, String)],
) -> Result<HashMap<(RepositoryId, String), Arc<Commit>>, StoreError> {
    let repositories = keys.iter().map(|(repository, _)| repository.to_string());
    let condition = Condition::all().add(in_set(store.backend(), "repository_id", repositories));
    let shas = keys.iter().map(|(_, sha)| sha.clone()).collect();
    let list = store.list::<CommitList>(ctx);
    let commits = list.by_values(Column::Sha, shas, condition).await?;
    // The statement asks for every pair of the two sets; only some were asked for.
    let wanted: HashSet<_> = keys.iter().collect();
    let mut found: HashMap<(RepositoryId, String), Arc<Commit>> = HashMap::new();
    for commit in commits {
        let key = (commit.repository_id, commit.sha.clone().unwrap_or_default());
        if !wanted.contains(&key) {
            continue;
        }
        let first = found.entry(key).or_insert_with(|| commit.clone());
        if commit.id < first.id {
            *first = commit;
        }
    }
    Ok(found)
}

/// Which of these Git object ids are recorded on the branch.
pub(crate) async fn recorded(
    tx: &Tx,
    (repository, branch): (RepositoryId, &str),
    shas: &[String],
) -> Result<HashSet<String>, StoreError> {
    let on_branch = Condition::all().add(Column::BranchKey.eq(branch_key(repository, branch)));
    let finder = tx.find::<Entity>();
    let rows = finder
        .by_values(Column::Sha, shas.iter().cloned(), on_branch)
        .await?;
    Ok(rows.into_iter().filter_map(|row| row.sha).collect())
}

/// Commits of every tenant that their branch does not have yet.
pub(crate) async fn pending(store: &Store, limit: u64) -> Result<Vec<Commit>, StoreError> {
    let condition = Condition::all().add(Column::Status.eq(CommitStatus::Pending.as_str()));
    store.list_everywhere::<CommitList>(condition, limit).await
}

pub(crate) async fn insert(tx: &Tx, commit: &Commit) -> Result<(), StoreError> {
    tx.insert::<Entity>(commit.try_into()?).await
}

pub(crate) async fn update(tx: &Tx, commit: &mut Commit) -> Result<(), StoreError> {
    commit.meta.version = tx.update::<Entity>((&*commit).try_into()?).await?;
    Ok(())
}

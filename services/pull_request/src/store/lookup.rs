//! Batch look-ups: one statement for any number of keys.

use std::{collections::HashMap, sync::Arc};

use sea_orm::Condition;
use sluice_kernel::Ctx;
use sluice_schema::RepositoryId;
use sluice_store::{Store, StoreError};

use super::PullRequestList;
use crate::{PullRequest, entity::Column};

/// A commit of a repository.
type CommitKey = (RepositoryId, String);

/// Rows by a column of shas: by sha alone, as a sha hardly ever stands in two repositories;
/// what belongs to no key is dropped. The lowest numbers come first.
async fn by_commits(
    store: &Store,
    ctx: &Ctx,
    keys: &[CommitKey],
    column: Column,
    sha_of: fn(&PullRequest) -> Option<&String>,
) -> Result<HashMap<CommitKey, Vec<Arc<PullRequest>>>, StoreError> {
    let shas = keys.iter().map(|(_, sha)| sha.clone()).collect();
    let list = store.list::<PullRequestList>(ctx);
    let mut found = list.by_values(column, shas, Condition::all()).await?;
    found.sort_by_key(|it| (it.number, it.id));
    let mut groups: HashMap<CommitKey, Vec<Arc<PullRequest>>> =
        keys.iter().map(|key| (key.clone(), Vec::new())).collect();
    for pull_request in found {
        let Some(sha) = sha_of(&pull_request) else {
            continue;
        };
        let key = (pull_request.repository_id, sha.clone());
        if let Some(group) = groups.get_mut(&key) {
            group.push(pull_request);
        }
    }
    groups.retain(|_, group| !group.is_empty());
    Ok(groups)
}

pub(crate) async fn find_by_merge_commits(
    store: &Store,
    ctx: &Ctx,
    keys: &[CommitKey],
) -> Result<HashMap<CommitKey, Arc<PullRequest>>, StoreError> {
    let groups = by_commits(store, ctx, keys, Column::MergeCommitSha, |it| {
        it.merge_commit_sha.as_ref()
    });
    let firsts = groups
        .await?
        .into_iter()
        .filter_map(|(key, group)| Some((key, group.into_iter().next()?)));
    Ok(firsts.collect())
}

pub(crate) async fn find_by_source_shas(
    store: &Store,
    ctx: &Ctx,
    keys: &[CommitKey],
) -> Result<HashMap<CommitKey, Vec<Arc<PullRequest>>>, StoreError> {
    by_commits(store, ctx, keys, Column::SourceSha, |it| {
        Some(&it.source_sha)
    })
    .await
}

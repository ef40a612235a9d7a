//! Batch look-ups: one statement for any number of keys.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use sea_orm::{
    ColumnTrait, Condition, EntityTrait, IdenStatic, QueryFilter, QuerySelect, QueryTrait,
    sea_query::UnionType,
};
use sluice_kernel::Ctx;
use sluice_schema::{PullRequestId, RepositoryId};
use sluice_store::{Store, StoreError, list_meets_set};

use super::PullRequestList;
use crate::{
    MergeStrategy, PullRequest, PullRequestStatus,
    entity::{Column, Entity},
};

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

/// The pull requests with these ids, and those that one of the commits carries the merge of or
/// heads the source of; in any order.
pub(crate) async fn find_related(
    store: &Store,
    ctx: &Ctx,
    ids: &[PullRequestId],
    shas: &[String],
) -> Result<Vec<Arc<PullRequest>>, StoreError> {
    // One look-up by index for each column: with an OR, a planner may read the whole tenant.
    let one_of = |column: Column, values: Vec<String>| {
        let set = sluice_store::in_set(store.backend(), column.as_str(), values);
        let ids = Entity::find().select_only().column(Column::Id);
        let of_tenant = ids.filter(Column::TenantId.eq(ctx.tenant().as_str()));
        of_tenant.filter(set).into_query()
    };
    let ids = ids.iter().map(ToString::to_string).collect();
    let mut found = one_of(Column::Id, ids);
    found
        .union(
            UnionType::Distinct,
            one_of(Column::MergeCommitSha, shas.to_vec()),
        )
        .union(
            UnionType::Distinct,
            one_of(Column::SourceSha, shas.to_vec()),
        );
    let condition = Condition::all().add(Column::Id.in_subquery(found));
    store.list::<PullRequestList>(ctx).matching(condition).await
}

/// The pull request whose merge wrote each commit. Two statements: nearly all commits are the one
/// that carries their merge, which an index finds; only a rebase writes others before it.
pub(crate) async fn find_writers(
    store: &Store,
    ctx: &Ctx,
    repository: RepositoryId,
    shas: &[String],
) -> Result<HashMap<String, Arc<PullRequest>>, StoreError> {
    let keys: Vec<CommitKey> = shas.iter().map(|sha| (repository, sha.clone())).collect();
    let merges = find_by_merge_commits(store, ctx, &keys).await?;
    let merged = |it: &PullRequest| it.status == PullRequestStatus::Merged;
    let mut writers: HashMap<String, Arc<PullRequest>> = merges
        .into_iter()
        .filter(|(_, pull_request)| merged(pull_request))
        .map(|((_, sha), pull_request)| (sha, pull_request))
        .collect();
    let rest: HashSet<&String> = shas
        .iter()
        .filter(|it| !writers.contains_key(*it))
        .collect();
    if rest.is_empty() {
        return Ok(writers);
    }
    for pull_request in rebased(store, ctx, repository, &rest).await? {
        for sha in &pull_request.created_shas {
            if rest.contains(sha) {
                writers.insert(sha.clone(), pull_request.clone());
            }
        }
    }
    Ok(writers)
}

/// The rebased pull requests of the repository that wrote one of the commits.
async fn rebased(
    store: &Store,
    ctx: &Ctx,
    repository: RepositoryId,
    shas: &HashSet<&String>,
) -> Result<Vec<Arc<PullRequest>>, StoreError> {
    let list = store.list::<PullRequestList>(ctx);
    let condition = Condition::all()
        .add(Column::Status.eq(PullRequestStatus::Merged.as_str()))
        .add(Column::Strategy.eq(MergeStrategy::Rebase.as_str()))
        .add(list_meets_set(
            store.backend(),
            "created_shas",
            shas.iter().map(ToString::to_string),
        ));
    list.by_values(
        Column::RepositoryId,
        vec![repository.to_string()],
        condition,
    )
    .await
}

//! Reads.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use sluice_kernel::{
    BoxFault, Ctx,
    directory::{ContributorView, PullRequestDirectory},
};
use sluice_schema::{PullRequestId, RepositoryId, Scope};
use sluice_store::reads;

use super::{PullRequests, Result};
use crate::{
    PullRequest, PullRequestError, PullRequestFilter, PullRequestOrder,
    entity::{Column, source_key},
    store::{self, PullRequestList},
};

impl PullRequests {
    /// The pull request of this number in the repository.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`.
    pub async fn get_by_number(
        &self,
        ctx: &Ctx,
        repository: RepositoryId,
        number: u64,
    ) -> Result<Arc<PullRequest>> {
        ctx.require(Scope::Read)?;
        let found = store::find_by_number(&self.store, ctx, repository, number).await?;
        Ok(Arc::new(found.ok_or(PullRequestError::NotFound)?))
    }

    /// The pull request whose merge made each commit, in one statement; of a rebase, its last
    /// commit. Commits that no merge made are left out.
    ///
    /// # Errors
    /// `FORBIDDEN`, and what the store fails with.
    pub async fn find_by_merge_commits(
        &self,
        ctx: &Ctx,
        commits: &[(RepositoryId, String)],
    ) -> Result<HashMap<(RepositoryId, String), Arc<PullRequest>>> {
        ctx.require(Scope::Read)?;
        Ok(store::find_by_merge_commits(&self.store, ctx, commits).await?)
    }

    /// The pull requests whose source has, or had when it was merged, each commit as its head,
    /// by number, in one statement. Commits without any are left out.
    ///
    /// # Errors
    /// `FORBIDDEN`, and what the store fails with.
    pub async fn find_by_source_shas(
        &self,
        ctx: &Ctx,
        commits: &[(RepositoryId, String)],
    ) -> Result<HashMap<(RepositoryId, String), Vec<Arc<PullRequest>>>> {
        ctx.require(Scope::Read)?;
        Ok(store::find_by_source_shas(&self.store, ctx, commits).await?)
    }
}

/// A commit, and the pull request that its record names.
pub type OfCommit = (RepositoryId, String, Option<PullRequestId>);

impl PullRequests {
    /// The pull requests that each commit belongs to, in one statement: first the one that its
    /// record names, then the one whose merge it carries, then those whose source it heads or
    /// headed when it was merged, the latest first. Commits without any are left out.
    ///
    /// # Errors
    /// `FORBIDDEN`, and what the store fails with.
    pub async fn find_by_commits(
        &self,
        ctx: &Ctx,
        commits: &[OfCommit],
    ) -> Result<HashMap<OfCommit, Vec<Arc<PullRequest>>>> {
        ctx.require(Scope::Read)?;
        let ids: Vec<PullRequestId> = commits.iter().filter_map(|(_, _, id)| *id).collect();
        let shas: Vec<String> = commits.iter().map(|(_, sha, _)| sha.clone()).collect();
        let found = store::find_related(&self.store, ctx, &ids, &shas).await?;
        let mut by_id: HashMap<PullRequestId, &Arc<PullRequest>> = HashMap::new();
        let mut by_sha: HashMap<&str, Vec<&Arc<PullRequest>>> = HashMap::new();
        for it in &found {
            by_id.insert(it.id, it);
            let merge = it.merge_commit_sha.as_deref();
            let source = Some(it.source_sha.as_str()).filter(|sha| merge != Some(sha));
            for sha in merge.into_iter().chain(source) {
                by_sha.entry(sha).or_default().push(it);
            }
        }
        let of = |(repository, sha, named): &OfCommit| {
            let related = by_sha.get(sha.as_str()).into_iter().flatten().copied();
            let mut related: Vec<&Arc<PullRequest>> = related
                .filter(|it| it.repository_id == *repository && Some(it.id) != *named)
                .collect();
            let merged = |it: &PullRequest| it.merge_commit_sha.as_deref() == Some(sha);
            related.sort_by_key(|it| (!merged(it), std::cmp::Reverse((it.number, it.id))));
            let named = named.and_then(|id| by_id.get(&id).copied());
            let all: Vec<_> = named.into_iter().chain(related).cloned().collect();
            (!all.is_empty()).then_some(all)
        };
        let groups = commits
            .iter()
            .filter_map(|key| Some((key.clone(), of(key)?)));
        Ok(groups.collect())
    }
}

/// A source branch: its repository and its name.
type SourceKey = (RepositoryId, String);

reads! {
    PullRequests: PullRequestList(PullRequestFilter, PullRequestOrder) of PullRequest by PullRequestId or PullRequestError, else PullRequestError::NotFound;
    pages_by_repository, counts_by_repository: RepositoryId in Column::RepositoryId, key |id| id.to_string(), of |row| row.repository_id.clone();
    pages_by_source_branch, counts_by_source_branch: SourceKey in Column::SourceKey, key |(repository, branch)| source_key(*repository, branch), of |row| row.source_key.clone();
}

#[async_trait]
impl PullRequestDirectory for PullRequests {
    async fn contributors(
        &self,
        ctx: &Ctx,
        repository: RepositoryId,
        shas: &[String],
    ) -> std::result::Result<Vec<ContributorView>, BoxFault> {
        let writers = store::find_writers(&self.store, ctx, repository, shas).await?;
        let found = shas.iter().filter_map(|sha| {
            let pull_request = writers.get(sha)?;
            Some(ContributorView {
                sha: sha.clone(),
                number: i64::try_from(pull_request.number).unwrap_or(i64::MAX),
                author: pull_request.author.clone(),
                merged_by: pull_request.merged_by.clone(),
            })
        });
        Ok(found.collect())
    }
}

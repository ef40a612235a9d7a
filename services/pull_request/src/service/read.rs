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

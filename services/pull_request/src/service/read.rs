//! Reads.

use std::{collections::HashMap, sync::Arc};

use sluice_kernel::{Ctx, Direction, Page, PageRequest};
use sluice_schema::{PullRequestId, RepositoryId, Scope};

use super::{PullRequests, Result};
use crate::{PullRequest, PullRequestError, PullRequestFilter, PullRequestOrder, store};

impl PullRequests {
    /// The pull request.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`.
    pub async fn get(&self, ctx: &Ctx, id: PullRequestId) -> Result<Arc<PullRequest>> {
        ctx.require(Scope::Read)?;
        Ok(Arc::new(self.load(ctx, id).await?))
    }

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

    /// The pull requests with these ids that the caller may see, in any order.
    ///
    /// # Errors
    /// `FORBIDDEN`, and what the store fails with.
    pub async fn find_many(
        &self,
        ctx: &Ctx,
        ids: &[PullRequestId],
    ) -> Result<Vec<Arc<PullRequest>>> {
        ctx.require(Scope::Read)?;
        Ok(store::find_many(&self.store, ctx, ids).await?)
    }

    /// One page of the pull requests that match.
    ///
    /// # Errors
    /// `FORBIDDEN`, and what the store fails with.
    pub async fn page(
        &self,
        ctx: &Ctx,
        filter: &PullRequestFilter,
        order: (PullRequestOrder, Direction),
        request: &PageRequest,
    ) -> Result<Page<Arc<PullRequest>>> {
        ctx.require(Scope::Read)?;
        Ok(store::page(&self.store, ctx, filter, order, request).await?)
    }

    /// How many pull requests match.
    ///
    /// # Errors
    /// `FORBIDDEN`, and what the store fails with.
    pub async fn count(&self, ctx: &Ctx, filter: &PullRequestFilter) -> Result<u64> {
        ctx.require(Scope::Read)?;
        Ok(store::count(&self.store, ctx, filter).await?)
    }

    /// One page for each repository, in one statement; repositories without any are left out.
    ///
    /// # Errors
    /// `FORBIDDEN`, and what the store fails with.
    pub async fn pages_by_repository(
        &self,
        ctx: &Ctx,
        repositories: &[RepositoryId],
        filter: &PullRequestFilter,
        order: (PullRequestOrder, Direction),
        request: &PageRequest,
    ) -> Result<HashMap<RepositoryId, Page<Arc<PullRequest>>>> {
        ctx.require(Scope::Read)?;
        let pages = store::pages_by(&self.store, ctx, repositories, filter, order, request);
        Ok(pages.await?)
    }

    /// How many match for each repository, in one statement; repositories without any are left
    /// out.
    ///
    /// # Errors
    /// `FORBIDDEN`, and what the store fails with.
    pub async fn counts_by_repository(
        &self,
        ctx: &Ctx,
        repositories: &[RepositoryId],
        filter: &PullRequestFilter,
    ) -> Result<HashMap<RepositoryId, u64>> {
        ctx.require(Scope::Read)?;
        Ok(store::counts_by(&self.store, ctx, repositories, filter).await?)
    }

    /// One page for each source branch, in one statement; branches without any are left out.
    ///
    /// # Errors
    /// `FORBIDDEN`, and what the store fails with.
    pub async fn pages_by_source_branch(
        &self,
        ctx: &Ctx,
        branches: &[(RepositoryId, String)],
        filter: &PullRequestFilter,
        order: (PullRequestOrder, Direction),
        request: &PageRequest,
    ) -> Result<HashMap<(RepositoryId, String), Page<Arc<PullRequest>>>> {
        ctx.require(Scope::Read)?;
        let pages = store::pages_by(&self.store, ctx, branches, filter, order, request);
        Ok(pages.await?)
    }

    /// How many match for each source branch, in one statement; branches without any are left
    /// out.
    ///
    /// # Errors
    /// `FORBIDDEN`, and what the store fails with.
    pub async fn counts_by_source_branch(
        &self,
        ctx: &Ctx,
        branches: &[(RepositoryId, String)],
        filter: &PullRequestFilter,
    ) -> Result<HashMap<(RepositoryId, String), u64>> {
        ctx.require(Scope::Read)?;
        Ok(store::counts_by(&self.store, ctx, branches, filter).await?)
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

//! Reads of the records.

use std::{collections::HashMap, sync::Arc};

use sluice_kernel::{Ctx, Direction, Page, PageRequest};
use sluice_schema::{CommitId, RepositoryId, Scope};

use super::{Commits, Result};
use crate::{Commit, CommitFilter, CommitOrder, store};

impl Commits {
    /// The commit.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn get(&self, ctx: &Ctx, id: CommitId) -> Result<Arc<Commit>> {
        ctx.require(Scope::Read)?;
        Ok(Arc::new(self.load(ctx, id).await?))
    }

    /// The commits with these ids that the caller may see, in any order.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn find_many(&self, ctx: &Ctx, ids: &[CommitId]) -> Result<Vec<Arc<Commit>>> {
        ctx.require(Scope::Read)?;
        Ok(store::find_many(&self.store, ctx, ids).await?)
    }

    /// The commits with these Git object ids. One that stands on several branches is shown as it
    /// was first recorded.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn find_by_shas(
        &self,
        ctx: &Ctx,
        keys: &[(RepositoryId, String)],
    ) -> Result<HashMap<(RepositoryId, String), Arc<Commit>>> {
        ctx.require(Scope::Read)?;
        Ok(store::find_by_shas(&self.store, ctx, keys).await?)
    }

    /// One page of the commits that match.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn page(
        &self,
        ctx: &Ctx,
        filter: &CommitFilter,
        order: (CommitOrder, Direction),
        request: &PageRequest,
    ) -> Result<Page<Arc<Commit>>> {
        ctx.require(Scope::Read)?;
        Ok(store::page(&self.store, ctx, filter, order, request).await?)
    }

    /// How many commits match.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn count(&self, ctx: &Ctx, filter: &CommitFilter) -> Result<u64> {
        ctx.require(Scope::Read)?;
        Ok(store::count(&self.store, ctx, filter).await?)
    }

    /// One page of each repository's commits, in one statement; repositories without matching
    /// commits are left out.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn pages_by_repository(
        &self,
        ctx: &Ctx,
        repositories: &[RepositoryId],
        filter: &CommitFilter,
        order: (CommitOrder, Direction),
        request: &PageRequest,
    ) -> Result<HashMap<RepositoryId, Page<Arc<Commit>>>> {
        ctx.require(Scope::Read)?;
        Ok(store::pages_by(&self.store, ctx, repositories, filter, order, request).await?)
    }

    /// How many commits match in each repository, in one statement; repositories without
    /// matching commits are left out.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn counts_by_repository(
        &self,
        ctx: &Ctx,
        repositories: &[RepositoryId],
        filter: &CommitFilter,
    ) -> Result<HashMap<RepositoryId, u64>> {
        ctx.require(Scope::Read)?;
        Ok(store::counts_by(&self.store, ctx, repositories, filter).await?)
    }

    /// One page of each branch's commits (repository and branch name), in one statement;
    /// branches without matching commits are left out.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn pages_by_branch(
        &self,
        ctx: &Ctx,
        branches: &[(RepositoryId, String)],
        filter: &CommitFilter,
        order: (CommitOrder, Direction),
        request: &PageRequest,
    ) -> Result<HashMap<(RepositoryId, String), Page<Arc<Commit>>>> {
        ctx.require(Scope::Read)?;
        Ok(store::pages_by(&self.store, ctx, branches, filter, order, request).await?)
    }

    /// How many commits match on each branch, in one statement; branches without matching
    /// commits are left out.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn counts_by_branch(
        &self,
        ctx: &Ctx,
        branches: &[(RepositoryId, String)],
        filter: &CommitFilter,
    ) -> Result<HashMap<(RepositoryId, String), u64>> {
        ctx.require(Scope::Read)?;
        Ok(store::counts_by(&self.store, ctx, branches, filter).await?)
    }
}

//! Reads.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use sluice_kernel::{
    BoxFault, Ctx, Direction, Page, PageRequest,
    directory::{BranchDirectory, BranchView},
};
use sluice_schema::{BranchId, RepositoryId, Scope};

use super::{Branches, Result};
use crate::{Branch, BranchFilter, BranchOrder, BranchStatus, store};

impl Branches {
    /// The branch.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn get(&self, ctx: &Ctx, id: BranchId) -> Result<Arc<Branch>> {
        ctx.require(Scope::Read)?;
        Ok(Arc::new(self.load(ctx, id).await?))
    }

    /// The branches with these ids that the caller may see, in any order.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn find_many(&self, ctx: &Ctx, ids: &[BranchId]) -> Result<Vec<Arc<Branch>>> {
        ctx.require(Scope::Read)?;
        Ok(store::find_many(&self.store, ctx, ids).await?)
    }

    /// The branches that have these names now; deleted ones are left out.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn find_by_names(
        &self,
        ctx: &Ctx,
        keys: &[(RepositoryId, String)],
    ) -> Result<HashMap<(RepositoryId, String), Arc<Branch>>> {
        ctx.require(Scope::Read)?;
        Ok(store::find_by_names(&self.store, ctx, keys).await?)
    }

    /// One page of the branches that match.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn page(
        &self,
        ctx: &Ctx,
        filter: &BranchFilter,
        order: (BranchOrder, Direction),
        request: &PageRequest,
    ) -> Result<Page<Arc<Branch>>> {
        ctx.require(Scope::Read)?;
        Ok(store::page(&self.store, ctx, filter, order, request).await?)
    }

    /// How many branches match.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn count(&self, ctx: &Ctx, filter: &BranchFilter) -> Result<u64> {
        ctx.require(Scope::Read)?;
        Ok(store::count(&self.store, ctx, filter).await?)
    }

    /// One page of each repository's branches, in one statement; repositories without matching
    /// branches are left out.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn pages_by_repository(
        &self,
        ctx: &Ctx,
        repositories: &[RepositoryId],
        filter: &BranchFilter,
        order: (BranchOrder, Direction),
        request: &PageRequest,
    ) -> Result<HashMap<RepositoryId, Page<Arc<Branch>>>> {
        ctx.require(Scope::Read)?;
        let pages =
            store::pages_by_repository(&self.store, ctx, repositories, filter, order, request);
        Ok(pages.await?)
    }

    /// How many branches match in each repository, in one statement; repositories without
    /// matching branches are left out.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn counts_by_repository(
        &self,
        ctx: &Ctx,
        repositories: &[RepositoryId],
        filter: &BranchFilter,
    ) -> Result<HashMap<RepositoryId, u64>> {
        ctx.require(Scope::Read)?;
        Ok(store::counts_by_repository(&self.store, ctx, repositories, filter).await?)
    }
}

#[async_trait]
impl BranchDirectory for Branches {
    async fn branch(
        &self,
        ctx: &Ctx,
        repository: RepositoryId,
        name: &str,
    ) -> std::result::Result<Option<BranchView>, BoxFault> {
        let found = store::find_live(&self.store, ctx, repository, name).await?;
        // One that is being created or deleted takes no changes: as good as absent.
        let found = found.filter(|branch| branch.status == BranchStatus::Active);
        Ok(found.map(|branch| BranchView {
            repository_id: branch.repository_id,
            name: branch.name,
            policy: branch.policy,
        }))
    }
}

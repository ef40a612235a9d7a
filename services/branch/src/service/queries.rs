//! Reads.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use sluice_kernel::{
    BoxFault, Ctx,
    directory::{BranchDirectory, BranchView},
};
use sluice_schema::{BranchId, RepositoryId, Scope};
use sluice_store::{finds, reads};

use super::{Branches, Result};
use crate::{
    Branch, BranchError, BranchFilter, BranchOrder, BranchStatus,
    entity::Column,
    store::{self, BranchList},
};

impl Branches {
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
}

reads! {
    Branches: BranchList(BranchFilter, BranchOrder) of Branch by BranchId or BranchError, else BranchError::NotFound;
    pages_by_repository, counts_by_repository: RepositoryId in Column::RepositoryId, key |id| id.to_string(), of |row| row.repository_id.clone();
}

/// A commit of a repository.
type CommitKey = (RepositoryId, String);

finds! {
    Branches: BranchList of Branch or BranchError;
    /// The branches that point at each commit; deleted ones do not.
    find_by_heads: CommitKey in Column::HeadSha, key |(_, sha)| sha.clone(),
        of |it| (it.status != BranchStatus::Deleted).then(|| (it.repository_id, it.head_sha.clone()));
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

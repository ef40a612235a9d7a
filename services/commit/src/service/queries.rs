//! Reads of the records.

use std::{collections::HashMap, sync::Arc};

use sluice_kernel::Ctx;
use sluice_schema::{CommitId, PullRequestId, RepositoryId, Scope};
use sluice_store::{finds, reads};

use super::{Commits, Result};
use crate::{
    Commit, CommitError, CommitFilter, CommitOrder,
    entity::{Column, branch_key},
    store::{self, CommitList},
};

impl Commits {
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
}

/// A branch: its repository and its name.
type BranchKey = (RepositoryId, String);

reads! {
    Commits: CommitList(CommitFilter, CommitOrder) of Commit by CommitId or CommitError, else CommitError::NotFound;
    pages_by_repository, counts_by_repository: RepositoryId in Column::RepositoryId, key |id| id.to_string(), of |row| row.repository_id.clone();
    pages_by_branch, counts_by_branch: BranchKey in Column::BranchKey, key |(repository, branch)| branch_key(*repository, branch), of |row| row.branch_key.clone();
}

finds! {
    Commits: CommitList of Commit or CommitError;
    /// The commits that the merge of each pull request wrote.
    find_by_pull_requests: PullRequestId in Column::PullRequestId, key |id| id.to_string(),
        of |it| it.pull_request_id;
}

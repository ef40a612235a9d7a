//! Where commits are found.

use async_graphql::{Context, ID};

use super::{Commit, CommitById, CommitBySha};
use crate::{
    declare::queries,
    fault::{self, Result},
    loaders::Call,
};

queries! {
    /// Commits.
    CommitQuery;
    /// The commit with this id; null when there is none that the caller may see.
    one commit: Commit by CommitById;
    /// The commits that the caller may see; those given up only when the filter asks for them.
    list commits;
    also {
        /// The record of the Git commit in the repository; null when there is none that the
        /// caller may see.
        async fn commit_by_sha(
            &self,
            context: &Context<'_>,
            #[graphql(desc = "The repository.")] repository_id: ID,
            #[graphql(desc = "Git object id, 40 hex digits.")] sha: String,
        ) -> Result<Option<Commit>> {
            let call = Call::of(context)?;
            let repository = fault::id("repositoryId", &repository_id);
            let repository = repository.map_err(|fault| call.failure(fault))?;
            let found = call.one(Some(CommitBySha((repository, sha)))).await?;
            Ok(found.map(Commit))
        }
    }
}

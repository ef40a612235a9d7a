//! Where branches are found.

use async_graphql::{Context, ID};

use super::{Branch, BranchById, BranchByName};
use crate::{
    declare::queries,
    fault::{self, Result},
    loaders::Call,
};

queries! {
    /// Branches.
    BranchQuery;
    /// The branch with this id; null when there is none that the caller may see.
    one branch: Branch by BranchById;
    /// The branches that the caller may see; deleted ones only when the filter asks for them.
    list branches;
    also {
        /// The branch that has this name in the repository now; null when there is none that the
        /// caller may see.
        async fn branch_by_name(
            &self,
            context: &Context<'_>,
            #[graphql(desc = "The repository.")] repository_id: ID,
            #[graphql(desc = "The branch's short name.")] name: String,
        ) -> Result<Option<Branch>> {
            let call = Call::of(context)?;
            let repository = fault::id("repositoryId", &repository_id);
            let repository = repository.map_err(|fault| call.failure(fault))?;
            let found = call.one(Some(BranchByName((repository, name)))).await?;
            Ok(found.map(Branch))
        }
    }
}

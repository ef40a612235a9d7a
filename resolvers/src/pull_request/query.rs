//! Where pull requests are found.

use async_graphql::{Context, ID};
use sluice_schema::{ErrorCode, Fault};

use super::{PullRequest, PullRequestById};
use crate::{
    declare::queries,
    fault::{self, Result},
    loaders::Call,
};

queries! {
    /// Pull requests.
    PullRequestQuery;
    /// The pull request with this id; null when there is none that the caller may see.
    one pull_request: PullRequest by PullRequestById;
    /// The pull requests that the caller may see.
    list pull_requests;
    also {
        /// The pull request of this number in the repository; null when there is none that the
        /// caller may see.
        async fn pull_request_by_number(
            &self,
            context: &Context<'_>,
            #[graphql(desc = "The repository.")] repository_id: ID,
            #[graphql(desc = "The number, from 1.")] number: u64,
        ) -> Result<Option<PullRequest>> {
            let call = Call::of(context)?;
            let repository = fault::id("repositoryId", &repository_id);
            let repository = repository.map_err(|fault| call.failure(fault))?;
            let service = &call.services.pull_requests;
            match service.get_by_number(&call.ctx, repository, number).await {
                Ok(found) => Ok(Some(PullRequest(found))),
                Err(fault) if fault.code() == ErrorCode::NotFound => Ok(None),
                Err(fault) => Err(call.failure(fault)),
            }
        }
    }
}

//! Where repositories are found.

use async_graphql::{Context, ID};
use sluice_kernel::{Direction, PageRequest};
use sluice_schema::{ErrorCode, Fault};

use super::{Repository, RepositoryById, RepositoryTree};
use crate::{
    declare::queries,
    fault::{self, Result},
    loaders::Call,
};

queries! {
    /// Repositories.
    RepositoryQuery;
    /// The repository with this id; null when there is none that the caller may see.
    one repository: Repository by RepositoryById;
    /// The repositories that the caller may see.
    list repositories;
    also {
        /// The repository of this name in the project; null when there is none that the caller
        /// may see.
        async fn repository_by_name(
            &self,
            context: &Context<'_>,
            #[graphql(desc = "The project.")] project_id: ID,
            #[graphql(desc = "The repository's name.")] name: String,
        ) -> Result<Option<Repository>> {
            let call = Call::of(context)?;
            let project = fault::name("projectId", &project_id).map_err(|fault| call.failure(fault))?;
            let filter = sluice_repository::RepositoryFilter {
                project_id: Some(project),
                name: Some(name),
                status: None,
            };
            let order = (sluice_repository::RepositoryOrder::Name, Direction::Ascending);
            let service = &call.services.repositories;
            let page = service.page(&call.ctx, &filter, order, &PageRequest::first(1)).await;
            let page = page.map_err(|fault| call.failure(fault))?;
            Ok(page.items.into_iter().next().map(Repository))
        }

        /// What the repository holds at a branch or commit, read from Git itself; null when there
        /// is none that the caller may see.
        async fn repository_tree(
            &self,
            context: &Context<'_>,
            #[graphql(desc = "The repository.")] repository_id: ID,
            #[graphql(desc = "A branch, a commit id, or at least 7 digits that one begins with.")]
            rev: String,
        ) -> Result<Option<RepositoryTree>> {
            let call = Call::of(context)?;
            let repository = fault::id("repositoryId", &repository_id);
            let repository = repository.map_err(|fault| call.failure(fault))?;
            match call.services.repositories.tree(&call.ctx, repository, &rev).await {
                Ok(found) => Ok(found.map(|tree| RepositoryTree { repository, tree })),
                Err(fault) if fault.code() == ErrorCode::NotFound => Ok(None),
                Err(fault) => Err(call.failure(fault)),
            }
        }
    }
}

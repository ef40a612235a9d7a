//! Where repositories are found.

use async_graphql::{Context, ID};
use sluice_kernel::{Direction, PageRequest};

use super::{Repository, RepositoryById};
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
    }
}

//! Where projects are found.

use async_graphql::{Context, ID, Object};

use super::{Project, ProjectById};
use crate::{
    fault::{self, Result},
    loaders::Call,
};

/// Projects.
#[derive(Debug, Default)]
pub struct ProjectQuery;

/// Projects.
#[Object]
impl ProjectQuery {
    /// The project of this name; null when it is not one that the caller sees.
    async fn project(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The project's name.")] id: ID,
    ) -> Result<Option<Project>> {
        let call = Call::of(context)?;
        let id = fault::name("id", &id).map_err(|fault| call.failure(fault))?;
        Ok(call.one(Some(ProjectById(id))).await?.map(Project))
    }
}

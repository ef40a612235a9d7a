//! Where environments are found.

use async_graphql::{Context, ID, Object};
use sluice_kernel::PageArgs;
use sluice_schema::ProjectId;

use super::{
    Environment, EnvironmentById, EnvironmentFilter, EnvironmentOrder, EnvironmentsOfProject,
};
use crate::{
    fault::{self, Result},
    loaders::Call,
    paging::{self, Connection},
};

/// Environments.
#[derive(Debug, Default)]
pub struct EnvironmentQuery;

/// Environments.
#[Object]
impl EnvironmentQuery {
    /// The environment with this id; null when there is none that the caller may see.
    async fn environment(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> Result<Option<Environment>> {
        let call = Call::of(context)?;
        let id = fault::id("id", &id).map_err(|fault| call.failure(fault))?;
        Ok(call.one(Some(EnvironmentById(id))).await?.map(Environment))
    }

    /// The environments that the caller may see; retired ones only when the filter asks for them.
    #[graphql(complexity = "crate::paging::cost(first, last, child_complexity)")]
    #[allow(clippy::too_many_arguments, reason = "the arguments of a list")]
    async fn environments(
        &self,
        context: &Context<'_>,
        #[graphql(
            desc = "At most so many from the start, 1 to 200; 20 when neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only what stands after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end, 1 to 200; not together with `first`.")]
        last: Option<i32>,
        #[graphql(desc = "Only what stands before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only what matches.")] filter: Option<EnvironmentFilter>,
        #[graphql(desc = "Sorted by what; by place in the project when absent.")] order_by: Option<
            EnvironmentOrder,
        >,
    ) -> Result<Connection<Environment>> {
        let call = Call::of(context)?;
        let filter = Some(filter.unwrap_or_default());
        if let Some(project) = filter.as_ref().and_then(|it| it.project_id.as_ref()) {
            ensure_defaults(call, project).await?;
        }
        let page = PageArgs {
            first,
            last,
            after,
            before,
        };
        paging::top::<Environment>(call, page, filter, order_by).await
    }
}

/// A project has its environments from when somebody first looks.
async fn ensure_defaults(call: &Call, project: &ID) -> Result<()> {
    let project: ProjectId =
        fault::name("filter.projectId", project).map_err(|fault| call.failure(fault))?;
    // A project that the caller does not see has an empty list, like any other list.
    if call.ctx.require_project(&project).is_err() {
        return Ok(());
    }
    call.one(Some(EnvironmentsOfProject(project))).await?;
    Ok(())
}

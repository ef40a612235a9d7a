//! Where the figures are asked for.

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use sluice_ledger::MetricsRequest;
use sluice_schema::{EnvironmentId, ModuleId, ProjectId};

use super::DeliveryMetrics;
use crate::{
    fault::{self, InputFault, Result},
    loaders::Call,
};

fn request(
    (project, environment, module): (&ID, &ID, Option<&ID>),
    (since, until): (DateTime<Utc>, DateTime<Utc>),
) -> std::result::Result<MetricsRequest, InputFault> {
    let project: ProjectId = fault::name("projectId", project)?;
    let environment: EnvironmentId = fault::id("environmentId", environment)?;
    let module: Option<ModuleId> = fault::optional_name("module", module)?;
    Ok(MetricsRequest {
        project_id: project.to_string(),
        module: module.map(|it| it.to_string()),
        environment_id: environment.to_string(),
        since,
        until,
    })
}

/// Figures of delivery.
#[derive(Debug, Default)]
pub struct MetricsQuery;

/// Figures of delivery.
#[Object]
impl MetricsQuery {
    /// How well delivery into the environment went in a window of time: how often is deployed,
    /// how long changes take and where that time goes, how many fail and how long until that is
    /// mended. As they are known now: what happened after the window may still tell that a
    /// deployment in it failed, and when that ended. `NOT_FOUND`, with the argument, when the caller may not see the project or
    /// environment.
    #[graphql(complexity = "child_complexity + 1000")]
    async fn delivery_metrics(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The project's name.")] project_id: ID,
        #[graphql(desc = "The environment.")] environment_id: ID,
        #[graphql(desc = "Only this module; all when absent.")] module: Option<ID>,
        #[graphql(desc = "From then on.")] since: DateTime<Utc>,
        #[graphql(desc = "Up to before then; at most 366 days after `since`.")] until: DateTime<
            Utc,
        >,
    ) -> Result<DeliveryMetrics> {
        let call = Call::of(context)?;
        let of = (&project_id, &environment_id, module.as_ref());
        let request = request(of, (since, until)).map_err(|fault| call.failure(fault))?;
        let found = call.services.ledger.metrics(&call.ctx, &request).await;
        Ok(DeliveryMetrics(found.map_err(|fault| call.failure(fault))?))
    }
}

//! `POST /iac/plan` and `POST /iac/provision`.

use axum::{Json, Router, extract::State, routing::post};
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use sluice_kernel::Outcome;
use sluice_rest::{Command, Operation, Problem};
use sluice_schema::{InfrastructureId, events::ResourceChanges};

use crate::{
    InfrastructurePlan, InfrastructureStatus, Infrastructures, PlanInfrastructure,
    ProvisionInfrastructure,
};

/// Answer of `POST /iac/plan` and `POST /iac/provision`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// The plan.
    infrastructure_id: InfrastructureId,
    /// The environment's name.
    environment: String,
    /// The module.
    module: String,
    /// Where it is in its life.
    status: InfrastructureStatus,
    /// Serial of the stack's state.
    state_serial: u64,
    /// What it would change, or changed.
    changes: ResourceChanges,
    /// Whether the command had been carried out before.
    replayed: bool,
}

/// The service's endpoints.
pub fn router(service: Infrastructures) -> Router {
    Router::new()
        .route("/iac/plan", post(plan))
        .route("/iac/provision", post(provision))
        .with_state(service)
}

/// Their description.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::post::<PlanInfrastructure, Answer>(
            "/iac/plan",
            "planInfrastructure",
            "Tell what provisioning would change",
        ),
        Operation::post::<ProvisionInfrastructure, Answer>(
            "/iac/provision",
            "provisionInfrastructure",
            "Provision what a release declares",
        ),
    ]
}

fn answer(outcome: Outcome<std::sync::Arc<InfrastructurePlan>>) -> (StatusCode, Json<Answer>) {
    let status = if outcome.replayed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let plan = outcome.value;
    let answer = Answer {
        infrastructure_id: plan.id,
        environment: plan.environment.clone(),
        module: plan.module.clone(),
        status: plan.status,
        state_serial: plan.state_serial,
        changes: plan.changes,
        replayed: outcome.replayed,
    };
    (status, Json(answer))
}

async fn plan(
    State(service): State<Infrastructures>,
    Command { ctx, input }: Command<PlanInfrastructure>,
) -> Result<(StatusCode, Json<Answer>), Problem> {
    Ok(answer(service.plan(&ctx, input).await?))
}

async fn provision(
    State(service): State<Infrastructures>,
    Command { ctx, input }: Command<ProvisionInfrastructure>,
) -> Result<(StatusCode, Json<Answer>), Problem> {
    Ok(answer(service.provision(&ctx, input).await?))
}

//! `POST /build-results`: for an external CI.

use axum::{Json, Router, extract::State, routing::post};
use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_rest::{Command, Operation, Problem};
use sluice_schema::{BuildId, TenantId};

use crate::{BuildResultError, BuildResults, BuildStatus, RecordBuildResult};

/// Body of `POST /build-results`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Body {
    /// Must be the caller's tenant when given.
    tenant_id: Option<TenantId>,
    #[serde(flatten)]
    command: RecordBuildResult,
}

/// Answer of `POST /build-results`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// The build result.
    build_id: BuildId,
    /// How it ended, its tests considered.
    status: BuildStatus,
    /// Whether the command had been carried out before.
    replayed: bool,
}

/// The service's endpoints.
pub fn router(service: BuildResults) -> Router {
    Router::new()
        .route("/build-results", post(record))
        .with_state(service)
}

/// Their description.
pub fn operations() -> Vec<Operation> {
    let summary = "Record the result of an external CI's build";
    vec![Operation::post::<Body, Answer>(
        "/build-results",
        "recordBuildResult",
        summary,
    )]
}

async fn record(
    State(service): State<BuildResults>,
    Command { ctx, input }: Command<Body>,
) -> Result<(StatusCode, Json<Answer>), Problem> {
    if input
        .tenant_id
        .as_ref()
        .is_some_and(|tenant| tenant != ctx.tenant())
    {
        let rule = "tenantId must be the tenant of the token";
        return Err(BuildResultError::invalid("tenantId", rule).into());
    }
    let outcome = service.record(&ctx, input.command).await?;
    let status = if outcome.replayed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let build = outcome.value;
    let answer = Answer {
        build_id: build.id,
        status: build.status,
        replayed: outcome.replayed,
    };
    Ok((status, Json(answer)))
}

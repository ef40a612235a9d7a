//! `POST /build-results`: for an external CI.

use axum::{Json, Router, extract::State, routing::post};
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use sluice_rest::{Command, Operation, Problem};
use sluice_schema::BuildId;

use crate::{BuildResults, BuildStatus, RecordBuildResult};

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
    vec![Operation::post::<RecordBuildResult, Answer>(
        "/build-results",
        "recordBuildResult",
        summary,
    )]
}

async fn record(
    State(service): State<BuildResults>,
    Command { ctx, input }: Command<RecordBuildResult>,
) -> Result<(StatusCode, Json<Answer>), Problem> {
    let outcome = service.record(&ctx, input).await?;
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

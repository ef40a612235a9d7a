//! Whether the server lives, is ready, and how it fares.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
};
use serde_json::{Map, Value, json};

use super::Edge;

/// The process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Everything that requests need answers too. What is wrong stands in the log.
pub(super) async fn ready(State(edge): State<Edge>) -> impl IntoResponse {
    let mut checks = Map::new();
    let mut status = StatusCode::OK;
    for (name, outcome) in edge.readiness.checks().await {
        let told = match outcome {
            Ok(()) => "ok",
            Err(error) => {
                tracing::warn!(check = name, error, "not ready");
                status = StatusCode::SERVICE_UNAVAILABLE;
                "failing"
            }
        };
        checks.insert(name, Value::from(told));
    }
    let ready = status == StatusCode::OK;
    (status, Json(json!({ "ready": ready, "checks": checks })))
}

/// Metrics in Prometheus' text format.
pub(super) async fn metrics(State(edge): State<Edge>) -> impl IntoResponse {
    edge.readiness.refresh_metrics().await;
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(CONTENT_TYPE, kind)], edge.metrics.render())
}

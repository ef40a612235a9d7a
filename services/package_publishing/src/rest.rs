//! `POST /packages`.

use axum::{Json, Router, extract::State, routing::post};
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use sluice_rest::{Command, Operation, Problem};
use sluice_schema::PackageId;

use crate::{PackagePublishing, PackageStatus, PublishPackage};

/// Answer of `POST /packages`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// The publication.
    package_id: PackageId,
    /// Name of the feed.
    feed: String,
    /// Id of the package in the feed.
    name: String,
    /// Its normalised version.
    version: String,
    /// Where it is in its life.
    status: PackageStatus,
    /// `sha256:<hex>` of the `.nupkg`.
    digest: Option<String>,
    /// Whether the command had been carried out before.
    replayed: bool,
}

/// The service's endpoints.
pub fn router(service: PackagePublishing) -> Router {
    Router::new()
        .route("/packages", post(publish))
        .with_state(service)
}

/// Their description.
pub fn operations() -> Vec<Operation> {
    let summary = "Publish the package of a build";
    vec![Operation::post::<PublishPackage, Answer>(
        "/packages",
        "publishPackage",
        summary,
    )]
}

async fn publish(
    State(service): State<PackagePublishing>,
    Command { ctx, input }: Command<PublishPackage>,
) -> Result<(StatusCode, Json<Answer>), Problem> {
    let outcome = service.publish(&ctx, input).await?;
    let status = if outcome.replayed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let package = outcome.value;
    let answer = Answer {
        package_id: package.id,
        feed: package.feed.clone(),
        name: package.name.clone(),
        version: package.version.clone(),
        status: package.status,
        digest: package.digest.clone(),
        replayed: outcome.replayed,
    };
    Ok((status, Json(answer)))
}

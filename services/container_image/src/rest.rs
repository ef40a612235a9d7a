//! `POST /images`.

use axum::{Json, Router, extract::State, routing::post};
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use sluice_rest::{Command, Operation, Problem};
use sluice_schema::ImageId;

use crate::{BuildContainerImage, ContainerImages, ImageStatus};

/// Answer of `POST /images`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// The image.
    image_id: ImageId,
    /// `local`, or host and port.
    registry: String,
    /// Name below tenant and project in the registry.
    name: String,
    /// Where it is in its life.
    status: ImageStatus,
    /// `sha256:<hex>` of its manifest.
    digest: Option<String>,
    /// `<repository>@<digest>`, with the registry in front unless it is `local`.
    reference: Option<String>,
    /// Tags that point at it.
    tags: Vec<String>,
    /// Whether the command had been carried out before.
    replayed: bool,
}

/// The service's endpoints.
pub fn router(service: ContainerImages) -> Router {
    Router::new()
        .route("/images", post(build))
        .with_state(service)
}

/// Their description.
pub fn operations() -> Vec<Operation> {
    let summary = "Build the container image of a build";
    vec![Operation::post::<BuildContainerImage, Answer>(
        "/images",
        "buildContainerImage",
        summary,
    )]
}

async fn build(
    State(service): State<ContainerImages>,
    Command { ctx, input }: Command<BuildContainerImage>,
) -> Result<(StatusCode, Json<Answer>), Problem> {
    let outcome = service.build(&ctx, input).await?;
    let status = if outcome.replayed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let image = outcome.value;
    let answer = Answer {
        image_id: image.id,
        registry: image.registry.clone(),
        name: image.name.clone(),
        status: image.status,
        digest: image.digest.clone(),
        reference: image.reference.clone(),
        tags: image.tags.clone(),
        replayed: outcome.replayed,
    };
    Ok((status, Json(answer)))
}

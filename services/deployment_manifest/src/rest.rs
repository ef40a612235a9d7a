//! `POST /manifests`.

use axum::{Json, Router, extract::State, routing::post};
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use sluice_rest::{Command, Operation, Problem};
use sluice_schema::{EnvironmentId, ManifestId, ReleaseId};

use crate::{DeploymentManifests, ManifestStatus, RenderDeploymentManifest};

const PATH: &str = "/manifests";

/// Answer of `POST /manifests`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// The manifest.
    manifest_id: ManifestId,
    /// The release.
    release_id: ReleaseId,
    /// The environment.
    environment_id: EnvironmentId,
    /// The environment's name.
    environment: String,
    /// The module.
    module: String,
    /// Where it is in its life.
    status: ManifestStatus,
    /// `sha256:<hex>` of the rendered objects.
    content_digest: String,
    /// Name of the GitOps repository that holds it.
    gitops_repository: Option<String>,
    /// The commit on `sluice/rendered` that holds it.
    commit_sha: Option<String>,
    /// Its folder in that commit.
    path: String,
    /// How many objects it holds.
    objects: usize,
    /// Whether the command had been carried out before.
    replayed: bool,
}

/// The service's endpoints.
pub fn router(service: DeploymentManifests) -> Router {
    Router::new().route(PATH, post(render)).with_state(service)
}

/// Their description.
pub fn operations() -> Vec<Operation> {
    let summary = "Render the manifests of a module of a release for an environment";
    vec![Operation::post::<RenderDeploymentManifest, Answer>(
        PATH,
        "renderDeploymentManifest",
        summary,
    )]
}

async fn render(
    State(service): State<DeploymentManifests>,
    Command { ctx, input }: Command<RenderDeploymentManifest>,
) -> Result<(StatusCode, Json<Answer>), Problem> {
    let outcome = service.render(&ctx, input).await?;
    let status = if outcome.replayed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let manifest = outcome.value;
    let answer = Answer {
        manifest_id: manifest.id,
        release_id: manifest.release_id,
        environment_id: manifest.environment_id,
        environment: manifest.environment.clone(),
        module: manifest.module.clone(),
        status: manifest.status,
        content_digest: manifest.content_digest.clone(),
        gitops_repository: manifest.gitops_repository.clone(),
        commit_sha: manifest.commit_sha.clone(),
        path: manifest.path.clone(),
        objects: manifest.objects.len(),
        replayed: outcome.replayed,
    };
    Ok((status, Json(answer)))
}

//! `POST /repositories`.

use axum::{Json, Router, extract::State, routing::post};
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use sluice_rest::{Command, Operation, Problem};
use sluice_schema::RepositoryId;

use crate::{ProvisionRepository, Repositories, RepositoryStatus};

/// Answer of `POST /repositories`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// The repository.
    repository_id: RepositoryId,
    /// Where `git clone` finds it.
    remote_url: String,
    /// The branch that pull requests target by default.
    default_branch: String,
    /// Where it is in its life.
    status: RepositoryStatus,
    /// Whether the command had been carried out before.
    replayed: bool,
}

/// The service's endpoints.
pub fn router(service: Repositories) -> Router {
    Router::new()
        .route("/repositories", post(provision))
        .with_state(service)
}

/// Their description.
pub fn operations() -> Vec<Operation> {
    vec![Operation::post::<ProvisionRepository, Answer>(
        "/repositories",
        "provisionRepository",
        "Make a repository",
    )]
}

async fn provision(
    State(service): State<Repositories>,
    Command { ctx, input }: Command<ProvisionRepository>,
) -> Result<(StatusCode, Json<Answer>), Problem> {
    let outcome = service.provision(&ctx, input).await?;
    let status = if outcome.replayed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let repository = outcome.value;
    let answer = Answer {
        repository_id: repository.id,
        remote_url: repository.remote_url.clone(),
        default_branch: repository.default_branch.clone(),
        status: repository.status,
        replayed: outcome.replayed,
    };
    Ok((status, Json(answer)))
}

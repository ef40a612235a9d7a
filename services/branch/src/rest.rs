//! `POST /repositories/{repositoryId}/branches`.

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::post,
};
use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_rest::{Command, Operation, Problem};
use sluice_schema::{BranchId, RepositoryId};

use crate::{BranchError, BranchStatus, Branches, CreateBranch};

const PATH: &str = "/repositories/{repositoryId}/branches";

/// Body of `POST /repositories/{repositoryId}/branches`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreateBranchBody {
    /// Short name, as `git check-ref-format --branch` accepts it.
    name: String,
    /// A branch or a commit id to start from; the default branch when absent.
    from: Option<String>,
}

/// Answer of `POST /repositories/{repositoryId}/branches`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CreateBranchAnswer {
    /// The branch.
    branch_id: BranchId,
    /// Its repository.
    repository_id: RepositoryId,
    /// Short name.
    name: String,
    /// The commit that it points at.
    head_sha: String,
    /// The commit that it started from.
    from_commit_sha: String,
    /// Whether it changes only through pull requests.
    is_protected: bool,
    /// Where it is in its life.
    status: BranchStatus,
    /// Whether the command had been carried out before.
    replayed: bool,
}

/// The service's endpoints.
pub fn router(service: Branches) -> Router {
    Router::new().route(PATH, post(create)).with_state(service)
}

/// Their description.
pub fn operations() -> Vec<Operation> {
    vec![Operation::post::<CreateBranchBody, CreateBranchAnswer>(
        PATH,
        "createBranch",
        "Make a branch",
    )]
}

async fn create(
    State(service): State<Branches>,
    Path(repository): Path<String>,
    Command { ctx, input }: Command<CreateBranchBody>,
) -> Result<(StatusCode, Json<CreateBranchAnswer>), Problem> {
    let repository_id = repository
        .parse()
        .map_err(|_| BranchError::RepositoryNotFound)?;
    let command = CreateBranch {
        repository_id,
        name: input.name,
        from: input.from,
    };
    let outcome = service.create(&ctx, command).await?;
    let status = if outcome.replayed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let branch = outcome.value;
    let answer = CreateBranchAnswer {
        branch_id: branch.id,
        repository_id: branch.repository_id,
        name: branch.name.clone(),
        head_sha: branch.head_sha.clone(),
        from_commit_sha: branch.from_commit_sha.clone(),
        is_protected: branch.policy.is_protected,
        status: branch.status,
        replayed: outcome.replayed,
    };
    Ok((status, Json(answer)))
}

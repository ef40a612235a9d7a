//! `POST /repositories/{repositoryId}/commits`.

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::post,
};
use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_rest::{Command, Operation, Problem};
use sluice_schema::{CommitId, RepositoryId};

use crate::{Author, Change, CommitError, CommitStatus, Commits, CreateCommit, Trailer};

const PATH: &str = "/repositories/{repositoryId}/commits";

/// Body of `POST /repositories/{repositoryId}/commits`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreateCommitBody {
    /// A branch that is not protected.
    branch: String,
    /// 1 to 32,768 bytes, the first line for the subject.
    message: String,
    /// 1 to 10,000 changes, each path at most once.
    changes: Vec<Change>,
    /// Who wrote it; the caller when absent.
    author: Option<Author>,
    /// The source artifact that it carries; committed to a branch once.
    artifact_id: Option<String>,
    /// The digest of that artifact.
    artifact_content_hash: Option<String>,
    /// At most 20 trailers of the caller's own.
    trailers: Option<Vec<Trailer>>,
    /// Refuse unless the branch stands at this commit.
    expected_head: Option<String>,
}

/// Answer of `POST /repositories/{repositoryId}/commits`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CreateCommitAnswer {
    /// The commit's record.
    commit_id: CommitId,
    /// Its repository.
    repository_id: RepositoryId,
    /// The branch that it was written to.
    branch: String,
    /// Git object id.
    sha: Option<String>,
    /// Git object id of its tree.
    tree_hash: String,
    /// The source artifact that it carries.
    artifact_id: Option<String>,
    /// Where it is in its life.
    status: CommitStatus,
    /// Whether the command had been carried out before.
    replayed: bool,
}

/// The service's endpoints.
pub fn router(service: Commits) -> Router {
    Router::new().route(PATH, post(create)).with_state(service)
}

/// Their description.
pub fn operations() -> Vec<Operation> {
    vec![Operation::post::<CreateCommitBody, CreateCommitAnswer>(
        PATH,
        "createCommit",
        "Write a commit to a branch",
    )]
}

async fn create(
    State(service): State<Commits>,
    Path(repository): Path<String>,
    Command { ctx, input }: Command<CreateCommitBody>,
) -> Result<(StatusCode, Json<CreateCommitAnswer>), Problem> {
    let repository_id = repository
        .parse()
        .map_err(|_| CommitError::RepositoryNotFound)?;
    let outcome = service.create(&ctx, command(repository_id, input)).await?;
    let status = if outcome.replayed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let commit = outcome.value;
    let answer = CreateCommitAnswer {
        commit_id: commit.id,
        repository_id: commit.repository_id,
        branch: commit.branch.clone(),
        sha: commit.sha.clone(),
        tree_hash: commit.tree_hash.clone(),
        artifact_id: commit.artifact_id.clone(),
        status: commit.status,
        replayed: outcome.replayed,
    };
    Ok((status, Json(answer)))
}

fn command(repository_id: RepositoryId, body: CreateCommitBody) -> CreateCommit {
    CreateCommit {
        repository_id,
        branch: body.branch,
        message: body.message,
        changes: body.changes,
        author: body.author,
        artifact_id: body.artifact_id,
        artifact_content_hash: body.artifact_content_hash,
        trailers: body.trailers,
        expected_head: body.expected_head,
    }
}

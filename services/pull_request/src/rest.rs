//! `POST /pull-requests` and `GET /pull-requests/{pullRequestId}`.

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{get, post},
};
use chrono::{DateTime, Utc};
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use sluice_rest::{Caller, Command, Operation, Problem};
use sluice_schema::{PullRequestId, RepositoryId};

use crate::{
    CheckState, MergeStrategy, Mergeability, PullRequest, PullRequestError, PullRequestStatus,
    PullRequests, ReviewDecision, commands::OpenPullRequest,
};

/// Answer of `POST /pull-requests`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// The pull request.
    pull_request_id: PullRequestId,
    /// Number in the repository.
    number: u64,
    /// Where it is in its life.
    status: PullRequestStatus,
    /// Head of the source.
    source_sha: String,
    /// Whether it would merge.
    mergeability: Mergeability,
    /// Whether the command had been carried out before.
    replayed: bool,
}

/// Answer of `GET /pull-requests/{pullRequestId}`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Shown {
    /// The pull request.
    pull_request_id: PullRequestId,
    /// The repository of both branches.
    repository_id: RepositoryId,
    /// Number in the repository.
    number: u64,
    /// What it is about.
    title: String,
    /// Why.
    description: Option<String>,
    /// Branch with the changes.
    source_branch: String,
    /// Branch that shall receive them.
    target_branch: String,
    /// Head of the source.
    source_sha: String,
    /// Head of the target.
    target_sha: String,
    /// Where it is in its life.
    status: PullRequestStatus,
    /// Who opened it.
    author: String,
    /// Whether it would merge.
    mergeability: Mergeability,
    /// Paths in conflict.
    conflict_paths: Vec<String>,
    /// The latest review of each reviewer.
    reviews: Vec<ShownReview>,
    /// What is known of the source's head.
    checks: Vec<ShownCheck>,
    /// How it was merged.
    strategy: Option<MergeStrategy>,
    /// The commit that carries the changes on the target.
    merge_commit_sha: Option<String>,
    /// Who merged.
    merged_by: Option<String>,
    /// When it was merged.
    merged_at: Option<DateTime<Utc>>,
    /// Why it was abandoned, or why the last attempt to merge it did not take place.
    reason: Option<String>,
    /// Raised by every change.
    version: i64,
}

/// A review in an answer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ShownReview {
    /// Who reviewed.
    reviewer: String,
    /// What was decided.
    decision: ReviewDecision,
    /// The head that was reviewed.
    source_sha: String,
    /// In the reviewer's words.
    body: Option<String>,
    /// When.
    at: DateTime<Utc>,
}

/// A check in an answer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ShownCheck {
    /// Its name.
    name: String,
    /// What it came to.
    state: CheckState,
    /// One line that says more.
    detail: Option<String>,
    /// When it came to this.
    at: DateTime<Utc>,
}

impl From<&PullRequest> for Shown {
    fn from(it: &PullRequest) -> Self {
        let reviews = it.reviews.iter().map(|review| ShownReview {
            reviewer: review.reviewer.clone(),
            decision: review.decision,
            source_sha: review.source_sha.clone(),
            body: review.body.clone(),
            at: review.at,
        });
        let checks = it.checks.iter().map(|check| ShownCheck {
            name: check.name.clone(),
            state: check.state,
            detail: check.detail.clone(),
            at: check.at,
        });
        Self {
            pull_request_id: it.id,
            repository_id: it.repository_id,
            number: it.number,
            title: it.title.clone(),
            description: it.description.clone(),
            source_branch: it.source_branch.clone(),
            target_branch: it.target_branch.clone(),
            source_sha: it.source_sha.clone(),
            target_sha: it.target_sha.clone(),
            status: it.status,
            author: it.author.clone(),
            mergeability: it.mergeability,
            conflict_paths: it.conflict_paths.clone(),
            reviews: reviews.collect(),
            checks: checks.collect(),
            strategy: it.strategy,
            merge_commit_sha: it.merge_commit_sha.clone(),
            merged_by: it.merged_by.clone(),
            merged_at: it.merged_at,
            reason: it.reason.clone(),
            version: it.meta.version,
        }
    }
}

/// The service's endpoints.
pub fn router(service: PullRequests) -> Router {
    Router::new()
        .route("/pull-requests", post(open))
        .route("/pull-requests/{pullRequestId}", get(show))
        .with_state(service)
}

/// Their description.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::post::<OpenPullRequest, Answer>(
            "/pull-requests",
            "openPullRequest",
            "Ask for a branch to be merged into another",
        ),
        Operation::get::<Shown>(
            "/pull-requests/{pullRequestId}",
            "getPullRequest",
            "Show a pull request",
        ),
    ]
}

async fn open(
    State(service): State<PullRequests>,
    Command { ctx, input }: Command<OpenPullRequest>,
) -> Result<(StatusCode, Json<Answer>), Problem> {
    let outcome = service.open(&ctx, input).await?;
    let status = if outcome.replayed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let pull_request = outcome.value;
    let answer = Answer {
        pull_request_id: pull_request.id,
        number: pull_request.number,
        status: pull_request.status,
        source_sha: pull_request.source_sha.clone(),
        mergeability: pull_request.mergeability,
        replayed: outcome.replayed,
    };
    Ok((status, Json(answer)))
}

async fn show(
    State(service): State<PullRequests>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<Json<Shown>, Problem> {
    let id = id.parse().map_err(|_| PullRequestError::NotFound)?;
    let pull_request = service.get(&ctx, id).await?;
    Ok(Json(Shown::from(pull_request.as_ref())))
}

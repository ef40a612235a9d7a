//! `POST /gitops/{syncId}/sync`, `…/pause` and `…/resume`, `GET /gitops/{syncId}`.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{get, post},
};
use chrono::{DateTime, Utc};
use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_kernel::Outcome;
use sluice_rest::{Caller, Command, Operation as Endpoint, Problem};
use sluice_schema::{EnvironmentId, PromotionId, SyncId};

use crate::{
    DriftItem, GitOpsSyncError, GitOpsSyncState, GitOpsSyncs, HealthStatus, Operation, PauseGitOps,
    ResumeGitOps, SyncGitOps, SyncStatus,
};

/// Body of `POST /gitops/{syncId}/sync`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SyncBody {
    /// Whether objects that are no longer declared are removed; they are when absent.
    prune: Option<bool>,
    /// Whether everything may be removed when Git declares nothing; it may not when absent.
    allow_empty: Option<bool>,
}

/// Body of `POST /gitops/{syncId}/pause`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PauseBody {
    /// Why, 1 to 500 characters.
    reason: String,
}

/// Body of `POST /gitops/{syncId}/resume`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ResumeBody {}

/// A synchronisation as REST answers it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// The synchronisation.
    sync_id: SyncId,
    /// The environment.
    environment_id: EnvironmentId,
    /// The environment's name.
    environment: String,
    /// The module.
    module: String,
    /// Whether the target holds what Git declares.
    sync: SyncStatus,
    /// Whether what it holds works.
    health: HealthStatus,
    /// What is being done with it.
    operation: Operation,
    /// The promotion that declared something last.
    promotion_id: PromotionId,
    /// The commit that is declared.
    desired_revision: String,
    /// The commit that is applied.
    applied_revision: Option<String>,
    /// Attempts so far.
    attempts: u32,
    /// What differs, at most 100 objects.
    drift: Vec<DriftedItem>,
    /// How many objects differ.
    drift_total: u32,
    /// Why it is paused, while it is.
    paused: Option<String>,
    /// Why the last attempt failed.
    reason: Option<String>,
    /// When the target last became what Git declares.
    last_synced_at: Option<DateTime<Utc>>,
    /// Whether the command had been carried out before.
    replayed: bool,
}

/// An object that differs from what Git declares.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DriftedItem {
    /// `<kind>/<namespace>/<name>`.
    object: String,
    /// `PENDING_PROMOTION`, `MANUAL_EDIT` or `FAILED_SYNC`.
    classification: String,
    /// `MODIFIED`, `MISSING` or `EXTRA`.
    change: String,
    /// From what Git declares to what is there, as a unified diff.
    diff: String,
}

/// The service's endpoints.
pub fn router(service: GitOpsSyncs) -> Router {
    Router::new()
        .route("/gitops/{syncId}", get(read))
        .route("/gitops/{syncId}/sync", post(sync))
        .route("/gitops/{syncId}/pause", post(pause))
        .route("/gitops/{syncId}/resume", post(resume))
        .with_state(service)
}

/// Their description.
pub fn operations() -> Vec<Endpoint> {
    vec![
        Endpoint::get::<Answer>(
            "/gitops/{syncId}",
            "getGitOpsSync",
            "Read a synchronisation",
        ),
        Endpoint::post::<SyncBody, Answer>(
            "/gitops/{syncId}/sync",
            "syncGitOps",
            "Bring a target to what Git declares",
        ),
        Endpoint::post::<PauseBody, Answer>(
            "/gitops/{syncId}/pause",
            "pauseGitOps",
            "Stop automatic synchronisation",
        ),
        Endpoint::post::<ResumeBody, Answer>(
            "/gitops/{syncId}/resume",
            "resumeGitOps",
            "Start automatic synchronisation again",
        ),
    ]
}

type Answered = Result<(StatusCode, Json<Answer>), Problem>;

async fn sync(
    State(service): State<GitOpsSyncs>,
    Path(id): Path<String>,
    Command { ctx, input }: Command<SyncBody>,
) -> Answered {
    let command = SyncGitOps {
        prune: input.prune,
        allow_empty: input.allow_empty,
        ..SyncGitOps::of(sync_id(&id)?)
    };
    Ok(answer(service.sync(&ctx, command).await?))
}

async fn pause(
    State(service): State<GitOpsSyncs>,
    Path(id): Path<String>,
    Command { ctx, input }: Command<PauseBody>,
) -> Answered {
    let command = PauseGitOps {
        sync_id: sync_id(&id)?,
        reason: input.reason,
    };
    Ok(answer(service.pause(&ctx, command).await?))
}

async fn resume(
    State(service): State<GitOpsSyncs>,
    Path(id): Path<String>,
    Command { ctx, .. }: Command<ResumeBody>,
) -> Answered {
    let sync_id = sync_id(&id)?;
    Ok(answer(
        service.resume(&ctx, ResumeGitOps { sync_id }).await?,
    ))
}

async fn read(
    State(service): State<GitOpsSyncs>,
    Path(id): Path<String>,
    Caller(ctx): Caller,
) -> Answered {
    let state = service.get(&ctx, sync_id(&id)?).await?;
    Ok(answer(Outcome::replayed(state)))
}

fn sync_id(text: &str) -> Result<SyncId, GitOpsSyncError> {
    text.parse().map_err(|_| GitOpsSyncError::NotFound)
}

fn answer(outcome: Outcome<Arc<GitOpsSyncState>>) -> (StatusCode, Json<Answer>) {
    let state = outcome.value;
    let item = |item: &DriftItem| DriftedItem {
        object: item.object.clone(),
        classification: item.classification.as_str().to_owned(),
        change: item.change.as_str().to_owned(),
        diff: item.diff.clone(),
    };
    let answer = Answer {
        sync_id: state.id,
        environment_id: state.environment_id,
        environment: state.environment.clone(),
        module: state.module.clone(),
        sync: state.sync,
        health: state.health,
        operation: state.operation,
        promotion_id: state.promoted.promotion_id,
        desired_revision: state.desired.revision.clone(),
        applied_revision: state.applied.as_ref().map(|held| held.revision.clone()),
        attempts: state.attempts,
        drift: state.drift.iter().map(item).collect(),
        drift_total: state.drift_total,
        paused: state.paused.as_ref().map(|paused| paused.reason.clone()),
        reason: state.reason.clone(),
        last_synced_at: state.last_synced_at,
        replayed: outcome.replayed,
    };
    (StatusCode::OK, Json(answer))
}

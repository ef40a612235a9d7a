//! `/releases`: planning, approving, rejecting, cancelling, showing.

mod shown;

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{get, post},
};
use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_kernel::Outcome;
use sluice_rest::{Caller, Command, Operation, Problem};
use sluice_schema::ReleaseId;

use crate::{
    ApproveRelease, CancelRelease, PlanRelease, RejectRelease, ReleaseError, ReleasePlan,
    ReleaseStatus, Releases,
};
use shown::Shown;

/// Body of `POST /releases/{releaseId}/approve`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ApproveReleaseBody {
    /// Why, 1 to 500 characters.
    reason: String,
    /// Refuse when the release covers something else than this digest.
    content_digest: Option<String>,
}

/// Body of `POST /releases/{releaseId}/reject`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RejectReleaseBody {
    /// Why, 1 to 500 characters.
    reason: String,
}

/// Body of `POST /releases/{releaseId}/cancel`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CancelReleaseBody {
    /// Why, up to 500 characters.
    reason: Option<String>,
}

/// Answer of every command on a release.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ReleaseAnswer {
    /// The release.
    release_id: ReleaseId,
    /// The module, or the modules joined by `+`.
    name: String,
    /// Its semantic version.
    version: String,
    /// Where it is in its life.
    status: ReleaseStatus,
    /// `sha256:<hex>` of what an approval covers.
    content_digest: String,
    /// Whether the command had been carried out before.
    replayed: bool,
}

/// The service's endpoints.
pub fn router(service: Releases) -> Router {
    Router::new()
        .route("/releases", post(plan))
        .route("/releases/{releaseId}", get(show))
        .route("/releases/{releaseId}/approve", post(approve))
        .route("/releases/{releaseId}/reject", post(reject))
        .route("/releases/{releaseId}/cancel", post(cancel))
        .with_state(service)
}

/// Their description.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::post::<PlanRelease, ReleaseAnswer>(
            "/releases",
            "planRelease",
            "Plan a release of successful builds",
        ),
        Operation::get::<Shown>("/releases/{releaseId}", "getRelease", "Show a release"),
        Operation::post::<ApproveReleaseBody, ReleaseAnswer>(
            "/releases/{releaseId}/approve",
            "approveRelease",
            "Let a release go on",
        ),
        Operation::post::<RejectReleaseBody, ReleaseAnswer>(
            "/releases/{releaseId}/reject",
            "rejectRelease",
            "End a release by veto",
        ),
        Operation::post::<CancelReleaseBody, ReleaseAnswer>(
            "/releases/{releaseId}/cancel",
            "cancelRelease",
            "Give a release up",
        ),
    ]
}

type Answered = Result<(StatusCode, Json<ReleaseAnswer>), Problem>;

fn answer(outcome: &Outcome<std::sync::Arc<ReleasePlan>>) -> (StatusCode, Json<ReleaseAnswer>) {
    let status = if outcome.replayed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let release = &outcome.value;
    let answer = ReleaseAnswer {
        release_id: release.id,
        name: release.name.clone(),
        version: release.version.clone(),
        status: release.status,
        content_digest: release.content_digest.clone(),
        replayed: outcome.replayed,
    };
    (status, Json(answer))
}

fn id_of(text: &str) -> Result<ReleaseId, ReleaseError> {
    text.parse().map_err(|_| ReleaseError::NotFound)
}

async fn plan(
    State(service): State<Releases>,
    Command { ctx, input }: Command<PlanRelease>,
) -> Answered {
    Ok(answer(&service.plan(&ctx, input).await?))
}

async fn approve(
    State(service): State<Releases>,
    Path(id): Path<String>,
    Command { ctx, input }: Command<ApproveReleaseBody>,
) -> Answered {
    let command = ApproveRelease {
        release_id: id_of(&id)?,
        reason: input.reason,
        content_digest: input.content_digest,
    };
    Ok(answer(&service.approve(&ctx, command).await?))
}

async fn reject(
    State(service): State<Releases>,
    Path(id): Path<String>,
    Command { ctx, input }: Command<RejectReleaseBody>,
) -> Answered {
    let command = RejectRelease {
        release_id: id_of(&id)?,
        reason: input.reason,
    };
    Ok(answer(&service.reject(&ctx, command).await?))
}

async fn cancel(
    State(service): State<Releases>,
    Path(id): Path<String>,
    Command { ctx, input }: Command<CancelReleaseBody>,
) -> Answered {
    let command = CancelRelease {
        release_id: id_of(&id)?,
        reason: input.reason,
    };
    Ok(answer(&service.cancel(&ctx, command).await?))
}

async fn show(
    State(service): State<Releases>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<Json<Shown>, Problem> {
    let release = service.get(&ctx, id_of(&id)?).await?;
    let mut approvals = service.find_approvals(&ctx, &[release.id]).await?;
    let approvals = approvals.remove(&release.id).unwrap_or_default();
    Ok(Json(Shown::of(&release, &approvals)))
}

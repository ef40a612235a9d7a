//! `POST /promotions`, `GET /promotions/{promotionId}` and `POST /promotions/{promotionId}/cancel`.

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{get, post},
};
use chrono::{DateTime, Utc};
use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_kernel::{Blocker, Outcome};
use sluice_rest::{Caller, Command, Operation, Problem};
use sluice_schema::{BlockerCode, EnvironmentId, PromotionId, ReleaseId};
use std::sync::Arc;

use crate::{
    CancelPromotion, EnvironmentPromotion, PromoteRelease, PromotionError, PromotionKind,
    PromotionStatus, Promotions,
};

/// A promotion in an answer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShownPromotion {
    /// The promotion.
    promotion_id: PromotionId,
    /// The release.
    release_id: ReleaseId,
    /// The release's name.
    release_name: String,
    /// The release's semantic version.
    release_version: String,
    /// The environment.
    environment_id: EnvironmentId,
    /// The environment's name.
    environment: String,
    /// Attempt for this release and environment.
    attempt: u32,
    /// Which way it goes.
    kind: PromotionKind,
    /// Whether the environment promotes by itself.
    automatic: bool,
    /// Where it is in its life.
    status: PromotionStatus,
    /// What it waits for.
    blockers: Vec<Blocker>,
    /// Kinds of blockers that a person passed.
    overridden: Vec<BlockerCode>,
    /// The modules that it is about.
    modules: Vec<String>,
    /// The commit that declares it.
    commit_sha: Option<String>,
    /// The promotion that was declared before.
    previous: Option<PromotionId>,
    /// The promotion that a rollback leaves.
    rollback_of: Option<PromotionId>,
    /// The promotion whose content a rollback declares again.
    restored: Option<PromotionId>,
    /// Why it ended as it did.
    reason: Option<String>,
    /// When Git declared it.
    promoted_at: Option<DateTime<Utc>>,
    /// When it ended.
    finished_at: Option<DateTime<Utc>>,
    /// Raised by every change.
    version: i64,
    /// Whether the command had been carried out before.
    replayed: bool,
}

impl ShownPromotion {
    fn of(it: &EnvironmentPromotion, replayed: bool) -> Self {
        Self {
            promotion_id: it.id,
            release_id: it.release_id,
            release_name: it.release_name.clone(),
            release_version: it.release_version.clone(),
            environment_id: it.environment_id,
            environment: it.environment.clone(),
            attempt: it.attempt,
            kind: it.kind,
            automatic: it.automatic,
            status: it.status,
            blockers: it.blockers.clone(),
            overridden: it
                .overridden
                .iter()
                .flat_map(|it| it.codes.clone())
                .collect(),
            modules: it.modules.clone(),
            commit_sha: it.commit_sha.clone(),
            previous: it.previous,
            rollback_of: it.rollback_of,
            restored: it.restored,
            reason: it.reason.clone(),
            promoted_at: it.promoted_at,
            finished_at: it.finished_at,
            version: it.meta.version,
            replayed,
        }
    }
}

/// The answer to a command about a promotion.
pub(super) fn answer(
    outcome: &Outcome<Arc<EnvironmentPromotion>>,
) -> (StatusCode, Json<ShownPromotion>) {
    let status = match outcome.replayed {
        true => StatusCode::OK,
        false => StatusCode::CREATED,
    };
    let shown = ShownPromotion::of(&outcome.value, outcome.replayed);
    (status, Json(shown))
}

/// Body of `POST /promotions/{promotionId}/cancel`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CancelBody {
    /// Why, 1 to 500 characters.
    reason: String,
}

pub(super) fn router(service: Promotions) -> Router {
    Router::new()
        .route("/promotions", post(promote))
        .route("/promotions/{promotionId}", get(show))
        .route("/promotions/{promotionId}/cancel", post(cancel))
        .with_state(service)
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::post::<PromoteRelease, ShownPromotion>(
            "/promotions",
            "promoteRelease",
            "Bring a release into an environment",
        ),
        Operation::get::<ShownPromotion>(
            "/promotions/{promotionId}",
            "getPromotion",
            "Show a promotion",
        ),
        Operation::post::<CancelBody, ShownPromotion>(
            "/promotions/{promotionId}/cancel",
            "cancelPromotion",
            "End a promotion that waits",
        ),
    ]
}

type Answered = Result<(StatusCode, Json<ShownPromotion>), Problem>;

async fn promote(
    State(service): State<Promotions>,
    Command { ctx, input }: Command<PromoteRelease>,
) -> Answered {
    Ok(answer(&service.promote(&ctx, input).await?))
}

async fn show(
    State(service): State<Promotions>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<Json<ShownPromotion>, Problem> {
    let id = id.parse().map_err(|_| PromotionError::NotFound)?;
    let promotion = service.get(&ctx, id).await?;
    Ok(Json(ShownPromotion::of(&promotion, true)))
}

async fn cancel(
    State(service): State<Promotions>,
    Path(id): Path<String>,
    Command { ctx, input }: Command<CancelBody>,
) -> Answered {
    let command = CancelPromotion {
        promotion_id: id.parse().map_err(|_| PromotionError::NotFound)?,
        reason: input.reason,
    };
    Ok(answer(&service.cancel(&ctx, command).await?))
}

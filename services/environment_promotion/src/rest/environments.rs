//! `POST` and `GET /environments`, `GET /environments/{name}`, and
//! `POST /environments/{name}/rollback`, `hold` and `resume`.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{FromRef, Path, Query, State},
    routing::{get, post},
};
use chrono::{DateTime, Utc};
use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_kernel::Outcome;
use sluice_rest::{Caller, Command, Operation, Problem};
use sluice_schema::{BlockerCode, EnvironmentId, ProjectId, PromotionId};

use super::{
    project_of,
    promotions::{ShownPromotion, answer},
};
use crate::{
    DefineEnvironment, Environment, Environments, Gates, HoldEnvironment, PromotionError,
    Promotions, ResumeEnvironment, RollbackEnvironment,
};

/// A hold in an answer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ShownHold {
    /// The module; all when absent.
    module: Option<String>,
    /// Why.
    reason: String,
    /// Who holds.
    held_by: String,
    /// Since when.
    at: DateTime<Utc>,
    /// When it ends by itself.
    until: Option<DateTime<Utc>>,
    /// The rollback that placed it.
    promotion_id: Option<PromotionId>,
}

/// An environment in an answer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ShownEnvironment {
    /// The environment.
    environment_id: EnvironmentId,
    /// Its project.
    project_id: ProjectId,
    /// Slug, unique in the project.
    name: String,
    /// Environments that a release must have succeeded in before.
    upstream: Vec<String>,
    /// Place among the environments where the graph leaves it open.
    order: u32,
    /// Whether releases are promoted into it as soon as its gates open.
    auto_promote: bool,
    /// Whether drift is undone without a command.
    self_heal: bool,
    /// What must hold for a release to be promoted into it.
    gates: Gates,
    /// `sha256:<hex>` of what manifests and infrastructure depend on.
    target_digest: String,
    /// What is held.
    holds: Vec<ShownHold>,
    /// Whether it was taken out of the definition.
    retired: bool,
    /// Raised by every change.
    version: i64,
    /// Whether the command had been carried out before.
    replayed: bool,
}

/// Answer of `GET /environments`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ShownEnvironments {
    /// The project's environments, in order of promotion, retired ones last.
    environments: Vec<ShownEnvironment>,
}

impl ShownEnvironment {
    fn of(it: &Environment, now: DateTime<Utc>, replayed: bool) -> Self {
        let holds = it.active_holds(now).map(|hold| ShownHold {
            module: hold.module.clone(),
            reason: hold.reason.clone(),
            held_by: hold.held_by.clone(),
            at: hold.at,
            until: hold.until,
            promotion_id: hold.promotion_id,
        });
        Self {
            environment_id: it.id,
            project_id: it.meta.project_id.clone(),
            name: it.name.clone(),
            upstream: it.spec.upstream.clone(),
            order: it.spec.order,
            auto_promote: it.spec.auto_promote,
            self_heal: it.spec.self_heal,
            gates: it.spec.gates.clone(),
            target_digest: it.target_digest.clone(),
            holds: holds.collect(),
            retired: it.spec.retired,
            version: it.meta.version,
            replayed,
        }
    }
}

/// Body of `POST /environments/{name}/rollback`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RollbackBody {
    /// The module; needed when the environment's modules were not promoted together.
    module: Option<String>,
    /// The promotion to return to; the one before that succeeded when absent.
    to: Option<PromotionId>,
    /// Why, 1 to 500 characters.
    reason: String,
    /// Kinds of blockers to pass.
    #[serde(default)]
    overrides: Vec<BlockerCode>,
    /// Why they are passed.
    override_reason: Option<String>,
}

/// Body of `POST /environments/{name}/hold`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HoldBody {
    /// The module to hold; all when absent.
    module: Option<String>,
    /// Why, 1 to 500 characters.
    reason: String,
    /// When the hold ends by itself.
    until: Option<DateTime<Utc>>,
}

/// Body of `POST /environments/{name}/resume`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ResumeBody {
    /// The module whose hold ends; every hold when absent.
    module: Option<String>,
}

#[derive(Clone)]
struct Services {
    environments: Environments,
    promotions: Promotions,
}

impl FromRef<Services> for Environments {
    fn from_ref(services: &Services) -> Self {
        services.environments.clone()
    }
}

impl FromRef<Services> for Promotions {
    fn from_ref(services: &Services) -> Self {
        services.promotions.clone()
    }
}

pub(super) fn router(environments: Environments, promotions: Promotions) -> Router {
    Router::new()
        .route("/environments", post(define).get(list))
        .route("/environments/{name}", get(show))
        .route("/environments/{name}/rollback", post(rollback))
        .route("/environments/{name}/hold", post(hold))
        .route("/environments/{name}/resume", post(resume))
        .with_state(Services {
            environments,
            promotions,
        })
}

pub(super) fn operations() -> Vec<Operation> {
    let project = "the project of the environment";
    vec![
        Operation::post::<DefineEnvironment, ShownEnvironment>(
            "/environments",
            "defineEnvironment",
            "Define an environment, or replace its definition",
        ),
        Operation::get::<ShownEnvironments>(
            "/environments",
            "listEnvironments",
            "Show the environments of a project in order of promotion",
        )
        .with_query("projectId", project),
        Operation::get::<ShownEnvironment>(
            "/environments/{name}",
            "getEnvironment",
            "Show an environment",
        )
        .with_query("projectId", project),
        Operation::post::<RollbackBody, ShownPromotion>(
            "/environments/{name}/rollback",
            "rollbackEnvironment",
            "Bring an environment back to what succeeded in it before",
        )
        .with_query("projectId", project),
        Operation::post::<HoldBody, ShownEnvironment>(
            "/environments/{name}/hold",
            "holdEnvironment",
            "Hold promotions into an environment",
        )
        .with_query("projectId", project),
        Operation::post::<ResumeBody, ShownEnvironment>(
            "/environments/{name}/resume",
            "resumeEnvironment",
            "End holds of an environment",
        )
        .with_query("projectId", project),
    ]
}

type Answered<T> = Result<(StatusCode, Json<T>), Problem>;
type Parameters = Query<HashMap<String, String>>;

fn changed(
    service: &Environments,
    outcome: &Outcome<Arc<Environment>>,
) -> (StatusCode, Json<ShownEnvironment>) {
    let status = match outcome.replayed {
        true => StatusCode::OK,
        false => StatusCode::CREATED,
    };
    let now = service.store().clock().now();
    let shown = ShownEnvironment::of(&outcome.value, now, outcome.replayed);
    (status, Json(shown))
}

async fn define(
    State(service): State<Environments>,
    Command { ctx, input }: Command<DefineEnvironment>,
) -> Answered<ShownEnvironment> {
    let outcome = service.define(&ctx, input).await?;
    Ok(changed(&service, &outcome))
}

async fn list(
    State(service): State<Environments>,
    Query(query): Parameters,
    Caller(ctx): Caller,
) -> Result<Json<ShownEnvironments>, Problem> {
    let environments = service.of_project(&ctx, &project_of(&query)?).await?;
    let now = service.store().clock().now();
    let shown = environments
        .iter()
        .map(|it| ShownEnvironment::of(it, now, true));
    Ok(Json(ShownEnvironments {
        environments: shown.collect(),
    }))
}

async fn show(
    State(service): State<Environments>,
    Path(name): Path<String>,
    Query(query): Parameters,
    Caller(ctx): Caller,
) -> Result<Json<ShownEnvironment>, Problem> {
    let environments = service.of_project(&ctx, &project_of(&query)?).await?;
    let found = environments.iter().find(|it| it.name == name);
    let found = found.ok_or(PromotionError::Missing {
        field: "name",
        what: "environment",
    })?;
    let now = service.store().clock().now();
    Ok(Json(ShownEnvironment::of(found, now, true)))
}

async fn rollback(
    State(service): State<Promotions>,
    Path(name): Path<String>,
    Query(query): Parameters,
    Command { ctx, input }: Command<RollbackBody>,
) -> Answered<ShownPromotion> {
    let command = RollbackEnvironment {
        environment_id: None,
        project_id: Some(project_of(&query)?),
        environment: Some(name),
        module: input.module,
        to: input.to,
        reason: input.reason,
        overrides: input.overrides,
        override_reason: input.override_reason,
    };
    Ok(answer(&service.rollback(&ctx, command).await?))
}

async fn hold(
    State(service): State<Environments>,
    Path(name): Path<String>,
    Query(query): Parameters,
    Command { ctx, input }: Command<HoldBody>,
) -> Answered<ShownEnvironment> {
    let command = HoldEnvironment {
        environment_id: None,
        project_id: Some(project_of(&query)?),
        environment: Some(name),
        module: input.module,
        reason: input.reason,
        until: input.until,
    };
    let outcome = service.hold(&ctx, command).await?;
    Ok(changed(&service, &outcome))
}

async fn resume(
    State(service): State<Environments>,
    Path(name): Path<String>,
    Query(query): Parameters,
    Command { ctx, input }: Command<ResumeBody>,
) -> Answered<ShownEnvironment> {
    let command = ResumeEnvironment {
        environment_id: None,
        project_id: Some(project_of(&query)?),
        environment: Some(name),
        module: input.module,
    };
    let outcome = service.resume(&ctx, command).await?;
    Ok(changed(&service, &outcome))
}

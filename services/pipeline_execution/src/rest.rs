//! `POST /pipelines/{pipelineId}/run`, `POST /pipeline-runs/{runId}/cancel` and `…/retry`,
//! `GET /pipeline-runs/{runId}`.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{get, post},
};
use chrono::{DateTime, Utc};
use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_kernel::{Ctx, Outcome};
use sluice_rest::{Caller, Command, Operation, Problem};
use sluice_schema::{PipelineId, RepositoryId, RunId, TenantId};

use crate::{
    CancelPipelineRun, PipelineRun, PipelineRunError, PipelineRuns, RetryPipelineRun, RunOutcome,
    RunPipeline, RunStatus,
};

/// Body of `POST /pipelines/{pipelineId}/run`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RunBody {
    /// Must be the caller's tenant when given.
    tenant_id: Option<TenantId>,
    /// The commit; the one that the pipeline was generated for when absent.
    commit_sha: Option<String>,
    /// The branch whose head is built; excludes `commitSha`.
    branch: Option<String>,
    /// Variables of the run.
    variables: Option<BTreeMap<String, String>>,
}

/// Body of `POST /pipeline-runs/{runId}/cancel`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CancelBody {
    /// Must be the caller's tenant when given.
    tenant_id: Option<TenantId>,
    /// Why.
    reason: Option<String>,
}

/// Body of `POST /pipeline-runs/{runId}/retry`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RetryBody {
    /// Must be the caller's tenant when given.
    tenant_id: Option<TenantId>,
}

/// A run as REST answers it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// The run.
    run_id: RunId,
    /// What it runs.
    pipeline_id: PipelineId,
    /// The repository.
    repository_id: RepositoryId,
    /// Branch of the commit.
    branch: String,
    /// The commit that it builds.
    commit_sha: String,
    /// Attempt for this pipeline and commit, from 1.
    attempt: u32,
    /// Number in the repository, from 1.
    number: u64,
    /// Where it is in its life.
    status: RunStatus,
    /// How it ended.
    outcome: Option<RunOutcome>,
    /// One line that says why it did not succeed.
    reason: Option<String>,
    /// Whether somebody asked for its end.
    cancel_requested: bool,
    /// When it was asked for.
    queued_at: DateTime<Utc>,
    /// When it left the queue.
    started_at: Option<DateTime<Utc>>,
    /// When it ended.
    finished_at: Option<DateTime<Utc>>,
    /// Whether the command had been carried out before.
    replayed: bool,
}

/// The service's endpoints.
pub fn router(service: PipelineRuns) -> Router {
    Router::new()
        .route("/pipelines/{pipelineId}/run", post(run))
        .route("/pipeline-runs/{runId}", get(read))
        .route("/pipeline-runs/{runId}/cancel", post(cancel))
        .route("/pipeline-runs/{runId}/retry", post(retry))
        .with_state(service)
}

/// Their description.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::post::<RunBody, Answer>(
            "/pipelines/{pipelineId}/run",
            "runPipeline",
            "Run a pipeline for a commit",
        ),
        Operation::get::<Answer>(
            "/pipeline-runs/{runId}",
            "getPipelineRun",
            "Read a pipeline run",
        ),
        Operation::post::<CancelBody, Answer>(
            "/pipeline-runs/{runId}/cancel",
            "cancelPipelineRun",
            "End a pipeline run",
        ),
        Operation::post::<RetryBody, Answer>(
            "/pipeline-runs/{runId}/retry",
            "retryPipelineRun",
            "Try a commit once more",
        ),
    ]
}

type Answered = Result<(StatusCode, Json<Answer>), Problem>;

fn ensure_tenant(ctx: &Ctx, given: Option<&TenantId>) -> Result<(), PipelineRunError> {
    match given {
        Some(tenant) if tenant != ctx.tenant() => Err(PipelineRunError::invalid(
            "tenantId",
            "tenantId must be the tenant of the token",
        )),
        _ => Ok(()),
    }
}

async fn run(
    State(service): State<PipelineRuns>,
    Path(id): Path<String>,
    Command { ctx, input }: Command<RunBody>,
) -> Answered {
    ensure_tenant(&ctx, input.tenant_id.as_ref())?;
    let command = RunPipeline {
        pipeline_id: id.parse().map_err(|_| PipelineRunError::PipelineNotFound)?,
        commit_sha: input.commit_sha,
        branch: input.branch,
        variables: input.variables,
    };
    let outcome = service.run_pipeline(&ctx, command).await?;
    Ok(answer(outcome, StatusCode::CREATED))
}

async fn cancel(
    State(service): State<PipelineRuns>,
    Path(id): Path<String>,
    Command { ctx, input }: Command<CancelBody>,
) -> Answered {
    ensure_tenant(&ctx, input.tenant_id.as_ref())?;
    let command = CancelPipelineRun {
        run_id: run_id(&id)?,
        reason: input.reason,
    };
    let outcome = service.cancel(&ctx, command).await?;
    Ok(answer(outcome, StatusCode::OK))
}

async fn retry(
    State(service): State<PipelineRuns>,
    Path(id): Path<String>,
    Command { ctx, input }: Command<RetryBody>,
) -> Answered {
    ensure_tenant(&ctx, input.tenant_id.as_ref())?;
    let run_id = run_id(&id)?;
    let outcome = service.retry(&ctx, RetryPipelineRun { run_id }).await?;
    Ok(answer(outcome, StatusCode::CREATED))
}

async fn read(
    State(service): State<PipelineRuns>,
    Path(id): Path<String>,
    Caller(ctx): Caller,
) -> Answered {
    let run = service.get(&ctx, run_id(&id)?).await?;
    Ok(answer(Outcome::replayed(run), StatusCode::OK))
}

fn run_id(text: &str) -> Result<RunId, PipelineRunError> {
    text.parse().map_err(|_| PipelineRunError::NotFound)
}

fn answer(outcome: Outcome<Arc<PipelineRun>>, done: StatusCode) -> (StatusCode, Json<Answer>) {
    let status = if outcome.replayed {
        StatusCode::OK
    } else {
        done
    };
    let run = outcome.value;
    let answer = Answer {
        run_id: run.id,
        pipeline_id: run.pipeline_id,
        repository_id: run.repository_id,
        branch: run.branch.clone(),
        commit_sha: run.commit_sha.clone(),
        attempt: run.attempt,
        number: run.number,
        status: run.status,
        outcome: run.outcome,
        reason: run.reason.clone(),
        cancel_requested: run.cancel.is_some(),
        queued_at: run.queued_at,
        started_at: run.started_at,
        finished_at: run.finished_at,
        replayed: outcome.replayed,
    };
    (status, Json(answer))
}

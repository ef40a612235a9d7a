//! `POST /pipelines/generate`.

use axum::{Json, Router, extract::State, routing::post};
use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_rest::{Command, Operation, Problem};
use sluice_schema::{PipelineId, RepositoryId, TenantId};

use crate::{GeneratePipeline, PipelineError, PipelineStatus, Pipelines};

const PATH: &str = "/pipelines/generate";

/// Body of `POST /pipelines/generate`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GeneratePipelineBody {
    /// Must be the caller's tenant when given.
    tenant_id: Option<TenantId>,
    /// The repository.
    repository_id: RepositoryId,
    /// The branch that the commit stands on; the default branch when absent.
    branch: Option<String>,
    /// A commit of that branch, 40 hexadecimal digits; the branch's head when absent.
    commit_sha: Option<String>,
}

/// Answer of `POST /pipelines/generate`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct GeneratePipelineAnswer {
    /// The definition.
    pipeline_id: PipelineId,
    /// Its repository.
    repository_id: RepositoryId,
    /// The branch of `commitSha`.
    branch: String,
    /// The newest commit that it was generated for.
    commit_sha: String,
    /// `sha256:<hex>` of the YAML.
    content_digest: String,
    /// Where the YAML stands on the branch `sluice/pipelines`.
    yaml_path: Option<String>,
    /// The commit that carries the YAML there.
    definition_sha: Option<String>,
    /// Whether it can be run.
    status: PipelineStatus,
    /// Whether the command had been carried out before.
    replayed: bool,
}

/// The service's endpoints.
pub fn router(service: Pipelines) -> Router {
    Router::new()
        .route(PATH, post(generate))
        .with_state(service)
}

/// Their description.
pub fn operations() -> Vec<Operation> {
    vec![Operation::post::<
        GeneratePipelineBody,
        GeneratePipelineAnswer,
    >(
        PATH,
        "generatePipeline",
        "Generate the pipeline of a commit",
    )]
}

async fn generate(
    State(service): State<Pipelines>,
    Command { ctx, input }: Command<GeneratePipelineBody>,
) -> Result<(StatusCode, Json<GeneratePipelineAnswer>), Problem> {
    let foreign = input
        .tenant_id
        .is_some_and(|tenant| tenant != *ctx.tenant());
    if foreign {
        let rule = "tenantId must be the tenant of the token";
        return Err(PipelineError::invalid("tenantId", rule).into());
    }
    let command = GeneratePipeline {
        repository_id: input.repository_id,
        branch: input.branch,
        commit_sha: input.commit_sha,
    };
    let outcome = service.generate(&ctx, command).await?;
    let status = if outcome.replayed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let definition = outcome.value;
    let answer = GeneratePipelineAnswer {
        pipeline_id: definition.id,
        repository_id: definition.repository_id,
        branch: definition.branch.clone(),
        commit_sha: definition.commit_sha.clone(),
        content_digest: definition.content_digest.clone(),
        yaml_path: definition.yaml_path.clone(),
        definition_sha: definition.definition_sha.clone(),
        status: definition.status,
        replayed: outcome.replayed,
    };
    Ok((status, Json(answer)))
}

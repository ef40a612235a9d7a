//! `GET` and `PUT /projects/{projectId}`.

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::get,
};
use schemars::JsonSchema;
use serde::Serialize;
use sluice_kernel::ProjectPolicies;
use sluice_rest::{Caller, Command, Operation, Problem};
use sluice_schema::ProjectId;

use crate::{ConfigureProject, Project, ProjectChanges, ProjectError, Projects};

const PATH: &str = "/projects/{projectId}";

/// A project.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ProjectAnswer {
    /// Its name.
    project_id: ProjectId,
    /// 0 while nobody configured it, one more with each change.
    version: i64,
    /// What it lets run by itself, and who approves.
    policies: ProjectPolicies,
}

/// Answer of `PUT /projects/{projectId}`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ConfigureProjectAnswer {
    /// The project.
    #[serde(flatten)]
    project: ProjectAnswer,
    /// Whether the command had been carried out before.
    replayed: bool,
}

/// The service's endpoints.
pub fn router(service: Projects) -> Router {
    Router::new()
        .route(PATH, get(read).put(configure))
        .with_state(service)
}

/// Their description.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get::<ProjectAnswer>(PATH, "getProject", "Read a project's policies"),
        Operation::put::<ProjectChanges, ConfigureProjectAnswer>(
            PATH,
            "configureProject",
            "Change a project's policies; what the body does not name stays",
        ),
    ]
}

fn answer(project: &Project) -> ProjectAnswer {
    ProjectAnswer {
        project_id: project.id.clone(),
        version: project.version(),
        policies: project.policies.clone(),
    }
}

fn named(text: &str) -> Result<ProjectId, ProjectError> {
    text.parse().map_err(|_| ProjectError::NotFound)
}

async fn read(
    State(service): State<Projects>,
    Path(project): Path<String>,
    Caller(ctx): Caller,
) -> Result<Json<ProjectAnswer>, Problem> {
    let project = service.get(&ctx, &named(&project)?).await?;
    Ok(Json(answer(&project)))
}

async fn configure(
    State(service): State<Projects>,
    Path(project): Path<String>,
    Command { ctx, input }: Command<ProjectChanges>,
) -> Result<Json<ConfigureProjectAnswer>, Problem> {
    let command = ConfigureProject {
        project_id: named(&project)?,
        changes: input,
    };
    let outcome = service.configure(&ctx, command).await?;
    Ok(Json(ConfigureProjectAnswer {
        project: answer(&outcome.value),
        replayed: outcome.replayed,
    }))
}

//! Events of the pipeline generator and of pipeline execution.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BlobReference, payload};
use crate::{PipelineId, PullRequestId, RepositoryId, RunId};

/// The package that a module makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModulePackage {
    /// Its id in the feed.
    pub name: String,
    /// The artifact of the build that holds its files.
    pub artifact: String,
}

/// The container image that a module makes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModuleImage {
    /// Its repository in the registry.
    pub name: String,
    /// The artifact of the build that holds its files.
    pub artifact: String,
    /// The program and its first arguments.
    pub entrypoint: Vec<String>,
    /// The port that it listens on.
    pub port: Option<u16>,
    /// The image that it stands on, as `name@sha256:<hex>` or `name:tag` of the same registry; nothing when absent.
    #[serde(default)]
    pub base: Option<String>,
    /// Environment variables that the image sets.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
}

/// The module that a pipeline builds, as its `module.yaml` says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModuleDescription {
    /// Slug, unique in the project.
    pub id: String,
    /// Readable name.
    pub name: String,
    /// `microservice`, `library`, `ui` or `worker`.
    pub kind: String,
    /// `dotnet`, `node`, `rust`, `python` or `generic`.
    pub stack: String,
    /// Semantic version.
    pub version: String,
    /// The package that it makes, when it makes one.
    #[serde(default)]
    pub package: Option<ModulePackage>,
    /// The container image that it makes, when it makes one.
    #[serde(default)]
    pub image: Option<ModuleImage>,
    /// Ports that it listens on.
    #[serde(default)]
    pub ports: Vec<u16>,
    /// Path of its health check, starting with `/`.
    #[serde(default)]
    pub health: Option<String>,
    /// Settings by environment, then by name; never secrets.
    #[serde(default)]
    pub configuration: BTreeMap<String, BTreeMap<String, String>>,
}

/// A pipeline definition exists for a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PipelineGenerated {
    /// The definition.
    pub pipeline_id: PipelineId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// The repository's name.
    pub repository_name: String,
    /// The branch that the commit stands on.
    pub branch: String,
    /// The commit that it was generated for.
    pub commit_sha: String,
    /// `sha256:<hex>` of the YAML.
    pub content_digest: String,
    /// The commit that carries the YAML on the pipelines branch.
    pub definition_sha: String,
    /// Where the YAML stands in that commit.
    pub yaml_path: String,
    /// The module that it builds.
    pub module: ModuleDescription,
    /// Whether a run starts without a command.
    pub auto_run: bool,
    /// The pull request whose merge caused it.
    pub pull_request_id: Option<PullRequestId>,
}
payload!(PipelineGenerated on "PipelineDefinition" by pipeline_id);

/// A run left the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PipelineRunStarted {
    /// The run.
    pub run_id: RunId,
    /// What it runs.
    pub pipeline_id: PipelineId,
    /// The repository.
    pub repository_id: RepositoryId,
    /// Branch of the commit.
    pub branch: String,
    /// The commit that it builds.
    pub commit_sha: String,
    /// Attempt for this pipeline and commit, from 1.
    pub attempt: u32,
}
payload!(PipelineRunStarted on "PipelineRun" by run_id);

/// A stage, job or step of a run changed its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PipelineRunProgressed {
    /// The run.
    pub run_id: RunId,
    /// What it runs.
    pub pipeline_id: PipelineId,
    /// The repository.
    pub repository_id: RepositoryId,
    /// Path in the timeline: `stage`, `stage/job` or `stage/job/step`.
    pub path: String,
    /// `PENDING`, `RUNNING` or `COMPLETED`.
    pub state: String,
    /// The result, once completed.
    pub result: Option<String>,
}
payload!(PipelineRunProgressed on "PipelineRun" by run_id);

/// A file of test results or coverage that a run published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublishedResult {
    /// `JUNIT`, `TRX` or `COBERTURA`.
    pub format: String,
    /// Path relative to the run's work folder, for people.
    pub path: String,
    /// Title that the step gave.
    pub title: Option<String>,
    /// The raw file.
    pub blob: BlobReference,
}

/// An artifact that a run published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublishedArtifact {
    /// Name in the run.
    pub name: String,
    /// Path of the file inside the artifact.
    pub path: String,
    /// The content.
    pub blob: BlobReference,
}

/// A run ended, whatever its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PipelineRunCompleted {
    /// The run.
    pub run_id: RunId,
    /// What it ran.
    pub pipeline_id: PipelineId,
    /// The repository.
    pub repository_id: RepositoryId,
    /// Branch of the commit.
    pub branch: String,
    /// The commit that it built.
    pub commit_sha: String,
    /// Attempt for this pipeline and commit, from 1.
    pub attempt: u32,
    /// `SUCCEEDED`, `FAILED` (the work), `ERRORED` (the technique) or `CANCELLED` (a person).
    pub outcome: String,
    /// One line that says why, when it did not succeed.
    pub reason: Option<String>,
    /// When it left the queue; absent when it never did.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// The module that was built.
    pub module: ModuleDescription,
    /// Prefix of the run's logs in the blob store.
    pub logs_prefix: String,
    /// Published test results.
    pub test_results: Vec<PublishedResult>,
    /// Published coverage.
    pub coverage: Vec<PublishedResult>,
    /// Published artifacts, one entry per file.
    pub artifacts: Vec<PublishedArtifact>,
}
payload!(PipelineRunCompleted on "PipelineRun" by run_id);

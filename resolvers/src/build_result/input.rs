//! What callers say about build results.

use async_graphql::{Enum, ID, InputObject};
use chrono::{DateTime, Utc};
use sluice_build_result as service;
use sluice_kernel::InvalidDigest;

use super::{BuildStatus, TestOutcome};
use crate::{
    fault::{InputFault, id, optional_id, optional_name},
    scalars::Long,
};

/// Which build results a list shows; absent fields do not restrict.
#[derive(InputObject, Debug, Clone, Default)]
pub struct BuildResultFilter {
    /// Of this project.
    pub project_id: Option<ID>,
    /// Of this repository.
    pub repository_id: Option<ID>,
    /// Of this status.
    pub status: Option<BuildStatus>,
    /// Of this branch.
    pub branch: Option<String>,
    /// Of this commit.
    pub commit_sha: Option<String>,
    /// Of this run.
    pub run_id: Option<ID>,
}

impl TryFrom<BuildResultFilter> for service::BuildFilter {
    type Error = InputFault;
    fn try_from(filter: BuildResultFilter) -> Result<Self, InputFault> {
        Ok(Self {
            project_id: optional_name("filter.projectId", filter.project_id.as_ref())?,
            repository_id: optional_id("filter.repositoryId", filter.repository_id.as_ref())?,
            status: filter.status.map(Into::into),
            branch: filter.branch,
            commit_sha: filter.commit_sha,
            run_id: optional_id("filter.runId", filter.run_id.as_ref())?,
        })
    }
}

/// Which test cases a list shows; absent fields do not restrict.
#[derive(InputObject, Debug, Clone, Default)]
pub struct TestCaseFilter {
    /// That ended so; all when absent or empty.
    #[graphql(default)]
    pub outcomes: Vec<TestOutcome>,
}

impl From<TestCaseFilter> for service::TestCaseFilter {
    fn from(filter: TestCaseFilter) -> Self {
        Self {
            outcomes: filter.outcomes.into_iter().map(Into::into).collect(),
        }
    }
}

/// Formats of reports.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::ResultFormat")]
pub enum ResultFormat {
    /// JUnit XML.
    Junit,
    /// Visual Studio test results.
    Trx,
    /// Cobertura coverage.
    Cobertura,
}

/// A report handed over with the command.
#[derive(InputObject, Debug, Clone)]
pub struct ResultFileInput {
    /// Its format.
    pub format: ResultFormat,
    /// Name for people, up to 500 characters.
    pub path: String,
    /// The report itself.
    pub content: String,
}

/// An artifact that the external CI keeps.
#[derive(InputObject, Debug, Clone)]
pub struct ExternalArtifactInput {
    /// Name in the build.
    pub name: String,
    /// Path of the file inside the artifact.
    pub path: String,
    /// Where it is: an absolute http or https URI.
    pub uri: String,
    /// `sha256:<hex>` of the content.
    pub digest: String,
    /// Bytes.
    pub size: Long,
}

/// Records the result of a build that an external CI ran. The repository and `externalKey` are
/// its natural key.
#[derive(InputObject, Debug, Clone)]
pub struct RecordBuildResultInput {
    /// The repository.
    pub repository_id: ID,
    /// The CI's own name of the build, unique in the repository.
    pub external_key: String,
    /// Branch of the commit.
    pub branch: String,
    /// The commit that was built, 40 hex digits.
    pub commit_sha: String,
    /// How it ended.
    pub status: BuildStatus,
    /// One line that says why, when it did not succeed.
    pub reason: Option<String>,
    /// The CI's page of the build: an absolute http or https URI.
    pub url: Option<String>,
    /// Reports, up to 50.
    #[graphql(default)]
    pub results: Vec<ResultFileInput>,
    /// Artifacts, up to 1,000.
    #[graphql(default)]
    pub artifacts: Vec<ExternalArtifactInput>,
    /// When the build began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
}

impl TryFrom<RecordBuildResultInput> for service::RecordBuildResult {
    type Error = InputFault;
    fn try_from(input: RecordBuildResultInput) -> Result<Self, InputFault> {
        let artifacts = input.artifacts.into_iter().enumerate();
        let results = input
            .results
            .into_iter()
            .map(|result| service::InlineResult {
                format: result.format.into(),
                path: result.path,
                content: result.content,
            });
        Ok(Self {
            repository_id: id("repositoryId", &input.repository_id)?,
            external_key: input.external_key,
            branch: input.branch,
            commit_sha: input.commit_sha,
            status: input.status.into(),
            reason: input.reason,
            url: input.url,
            results: results.collect(),
            artifacts: artifacts
                .map(|(index, artifact)| external(index, artifact))
                .collect::<Result<_, _>>()?,
            started_at: input.started_at,
            finished_at: input.finished_at,
        })
    }
}

fn external(
    index: usize,
    artifact: ExternalArtifactInput,
) -> Result<service::ExternalArtifact, InputFault> {
    let digest = artifact.digest.parse().map_err(|_: InvalidDigest| {
        let field = format!("artifacts[{index}].digest");
        InputFault::new(field, "must be sha256:<64 hex digits>")
    })?;
    Ok(service::ExternalArtifact {
        name: artifact.name,
        path: artifact.path,
        uri: artifact.uri,
        digest,
        size: artifact.size.0,
    })
}

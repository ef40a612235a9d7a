//! Events of the build result service.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ModuleDescription, PublishedArtifact, payload};
use crate::{BuildId, PipelineId, RepositoryId, RunId};

/// Counts of tests by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestCounts {
    /// All test cases.
    pub total: u64,
    /// Passed.
    pub passed: u64,
    /// Failed an assertion.
    pub failed: u64,
    /// Ended by an error.
    pub errored: u64,
    /// Not executed.
    pub skipped: u64,
    /// Sum of the cases' durations in milliseconds.
    pub duration_ms: u64,
}

/// Line coverage of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CoverageCounts {
    /// Lines that tests reached.
    pub lines_covered: u64,
    /// Lines that they could reach.
    pub lines_valid: u64,
}

/// The result of a run is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BuildCompleted {
    /// The build result.
    pub build_id: BuildId,
    /// The run; absent for an external CI.
    pub run_id: Option<RunId>,
    /// The definition; absent for an external CI.
    pub pipeline_id: Option<PipelineId>,
    /// The repository.
    pub repository_id: RepositoryId,
    /// Branch of the commit.
    pub branch: String,
    /// The commit that was built.
    pub commit_sha: String,
    /// `SUCCEEDED`, `FAILED`, `ERRORED` or `CANCELLED`.
    pub status: String,
    /// One line that says why, when it did not succeed.
    pub reason: Option<String>,
    /// Counted tests; absent when none were published.
    pub tests: Option<TestCounts>,
    /// Line coverage; absent when none was published.
    pub coverage: Option<CoverageCounts>,
    /// Artifacts, one entry per file.
    pub artifacts: Vec<PublishedArtifact>,
    /// The module that was built; absent for an external CI that does not say.
    pub module: Option<ModuleDescription>,
    /// Where the logs are: prefix in the blob store, or the external CI's URL.
    pub logs_uri: Option<String>,
}
payload!(BuildCompleted on "BuildResult" by build_id);

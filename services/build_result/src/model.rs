//! The BuildResult aggregate: pure, without store or blobs.

use chrono::{DateTime, Utc};
use sluice_kernel::{Finding, Meta, text_enum};
use sluice_schema::{
    BuildId, PipelineId, RepositoryId, RunId,
    events::{BuildCompleted, CoverageCounts, ModuleDescription, PublishedArtifact, TestCounts},
};

text_enum! {
    /// How a build ended.
    BuildStatus {
        /// Every step and every test.
        Succeeded = "SUCCEEDED",
        /// A step or a test failed.
        Failed = "FAILED",
        /// The technique failed, not the work.
        Errored = "ERRORED",
        /// A person ended it.
        Cancelled = "CANCELLED",
    }
}

text_enum! {
    /// How a test case ended.
    TestOutcome {
        /// It held.
        Passed = "PASSED",
        /// An assertion did not hold.
        Failed = "FAILED",
        /// It broke outside its assertions.
        Errored = "ERRORED",
        /// It did not run or does not count.
        Skipped = "SKIPPED",
    }
}

/// A build result; written once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildResult {
    /// Its id.
    pub id: BuildId,
    /// Ownership, audit fields and version.
    pub meta: Meta,
    /// What it is the result of: the run's id, or `external:<repository>:<key>`.
    pub run_key: String,
    /// Digest of what it was recorded from; the same key with another one is a conflict.
    pub content_digest: String,
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
    /// How it ended.
    pub status: BuildStatus,
    /// One line that says why, when it did not succeed.
    pub reason: Option<String>,
    /// Counted tests; absent when no report was published.
    pub tests: Option<TestCounts>,
    /// Line coverage; absent when none was published.
    pub coverage: Option<CoverageCounts>,
    /// Artifacts, one entry per file.
    pub artifacts: Vec<PublishedArtifact>,
    /// Reports that could not be read.
    pub findings: Vec<Finding>,
    /// The module that was built.
    pub module: Option<ModuleDescription>,
    /// Where the logs are.
    pub logs_uri: Option<String>,
    /// The external CI's page.
    pub external_url: Option<String>,
    /// When the build began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
}

/// One test case of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestCase {
    /// `<build>.<index>`.
    pub id: String,
    /// The suites around it, joined by ` / `.
    pub suite: String,
    /// Class, module or binary.
    pub class: String,
    /// Its own name.
    pub name: String,
    /// How it ended.
    pub outcome: TestOutcome,
    /// Milliseconds, when the report says so.
    pub duration_ms: Option<u64>,
    /// Why it failed or was skipped.
    pub message: Option<String>,
    /// Stack trace or output of the failure.
    pub details: Option<String>,
    /// Source file, as the report names it.
    pub file: Option<String>,
    /// Line in that file, from 1.
    pub line: Option<u32>,
}

impl TestOutcome {
    /// Failures first, then what broke, what was skipped, what held.
    pub(crate) const fn rank(self) -> i32 {
        match self {
            Self::Failed => 0,
            Self::Errored => 1,
            Self::Skipped => 2,
            Self::Passed => 3,
        }
    }
}

/// The status of a build whose run ended as `ran` with these tests: a run cannot succeed with
/// failed tests, even when its steps did not fail for them.
pub(crate) fn judge(
    ran: BuildStatus,
    reason: Option<String>,
    tests: Option<&TestCounts>,
) -> (BuildStatus, Option<String>) {
    let broken = tests.map_or(0, |tests| tests.failed + tests.errored);
    match (ran, broken) {
        (BuildStatus::Succeeded, 0) => (ran, None),
        (BuildStatus::Succeeded, 1) => (BuildStatus::Failed, Some("1 test failed".to_owned())),
        (BuildStatus::Succeeded, _) => {
            (BuildStatus::Failed, Some(format!("{broken} tests failed")))
        }
        _ => (ran, reason),
    }
}

impl BuildResult {
    /// What the world is told.
    pub(crate) fn completed(&self) -> BuildCompleted {
        BuildCompleted {
            build_id: self.id,
            run_id: self.run_id,
            pipeline_id: self.pipeline_id,
            repository_id: self.repository_id,
            branch: self.branch.clone(),
            commit_sha: self.commit_sha.clone(),
            status: self.status.as_str().to_owned(),
            reason: self.reason.clone(),
            tests: self.tests,
            coverage: self.coverage,
            artifacts: self.artifacts.clone(),
            module: self.module.clone(),
            logs_uri: self.logs_uri.clone().or_else(|| self.external_url.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_succeeds_with_failed_tests_is_a_failed_build() {
        let tests = TestCounts {
            total: 3,
            passed: 1,
            failed: 1,
            errored: 1,
            ..Default::default()
        };
        let (status, reason) = judge(BuildStatus::Succeeded, None, Some(&tests));
        assert_eq!(
            (status, reason.as_deref()),
            (BuildStatus::Failed, Some("2 tests failed"))
        );
        let (status, reason) = judge(BuildStatus::Errored, Some("gone".into()), Some(&tests));
        assert_eq!(
            (status, reason.as_deref()),
            (BuildStatus::Errored, Some("gone"))
        );
        assert_eq!(
            judge(BuildStatus::Succeeded, None, None),
            (BuildStatus::Succeeded, None)
        );
    }
}

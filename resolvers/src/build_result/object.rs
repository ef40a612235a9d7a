//! What a build result shows and where it leads.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, SimpleObject};
use chrono::{DateTime, Utc};
use sluice_build_result as service;
use sluice_kernel::PageArgs;
use sluice_schema::{BuildId, PipelineId, RepositoryId, RunId, events};

use super::{BuildResultFilter, TestCase, TestCaseFilter, test_case};
use crate::{
    commit::{Commit, CommitBySha},
    declare::{aggregate, children, listed},
    fault::{Finding, Result},
    image::{ContainerImage, ImageOfBuild, ImagesOfBuild},
    loaders::{Call, lookups},
    package::{PackageOfBuild, PackagePublication},
    paging::Connection,
    pipeline::{ModuleDescription, PipelineById, PipelineDefinition},
    pipeline_run::{Artifact, PipelineRun, RunById},
    pull_request::{PullRequest, PullRequestOfCommit},
    release::{ReleasePlan, ReleasesOfBuild},
    repository::{Repository, RepositoryById},
    scalars::Long,
};

/// How a build ended.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::BuildStatus")]
pub enum BuildStatus {
    /// Every step and every test succeeded.
    Succeeded,
    /// A step or a test failed.
    Failed,
    /// The technique failed, not the work.
    Errored,
    /// A person ended it.
    Cancelled,
}

/// Counts of tests by outcome.
#[derive(SimpleObject, Debug, Clone, Copy)]
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
    pub duration_ms: Long,
}

impl From<events::TestCounts> for TestCounts {
    fn from(counts: events::TestCounts) -> Self {
        Self {
            total: counts.total,
            passed: counts.passed,
            failed: counts.failed,
            errored: counts.errored,
            skipped: counts.skipped,
            duration_ms: Long(counts.duration_ms),
        }
    }
}

/// Line coverage of a build.
#[derive(SimpleObject, Debug, Clone, Copy)]
pub struct Coverage {
    /// Lines that tests reached.
    pub lines_covered: u64,
    /// Lines that they could reach.
    pub lines_valid: u64,
    /// Reached over reachable lines, 0 to 1; 0 when there is no line.
    pub line_rate: f64,
}

impl From<events::CoverageCounts> for Coverage {
    fn from(counts: events::CoverageCounts) -> Self {
        let line_rate = match counts.lines_valid {
            0 => 0.0,
            valid => counts.lines_covered as f64 / valid as f64,
        };
        Self {
            lines_covered: counts.lines_covered,
            lines_valid: counts.lines_valid,
            line_rate,
        }
    }
}

lookups! {
    /// A build result by its id.
    BuildById(BuildId) -> Arc<service::BuildResult> = list builds.find_many;
    /// The build result of a run.
    BuildByRun(RunId) -> Arc<service::BuildResult> = map builds.find_by_runs;
    /// The build results of a commit, oldest first.
    BuildsOfCommit((RepositoryId, String)) -> Vec<Arc<service::BuildResult>>
        = map builds.find_by_commits;
}

children! {
    /// A repository's build results.
    BuildsOfRepository: RepositoryId => BuildResult
        = builds.pages_by_repository, counts_by_repository;
    /// The build results of a definition's runs.
    BuildsOfPipeline: PipelineId => BuildResult = builds.pages_by_pipeline, counts_by_pipeline;
}

listed! {
    BuildResult(service::BuildResult) from builds;
    filter BuildResultFilter -> service::BuildFilter;
    order BuildResultOrder, BuildResultOrderField -> service::BuildOrder {
        /// By creation.
        CreatedAt,
        /// By last change.
        UpdatedAt,
    }
}

aggregate! {
    /// A build result: what a run, or a build of an external CI, proved. Written once.
    BuildResult(service::BuildResult);
    fields {
        /// Id of the repository.
        async fn repository_id(&self) -> ID {
            self.0.repository_id.to_string().into()
        }
        /// Id of the run; null for an external CI.
        async fn run_id(&self) -> Option<ID> {
            self.0.run_id.map(|id| id.to_string().into())
        }
        /// Branch of the commit.
        async fn branch(&self) -> &str {
            &self.0.branch
        }
        /// The commit that was built.
        async fn commit_sha(&self) -> &str {
            &self.0.commit_sha
        }
        /// How it ended.
        async fn status(&self) -> BuildStatus {
            self.0.status.into()
        }
        /// One line that says why, when it did not succeed.
        async fn reason(&self) -> Option<&str> {
            self.0.reason.as_deref()
        }
        /// Counted tests; null when no report was published.
        async fn tests(&self) -> Option<TestCounts> {
            self.0.tests.map(Into::into)
        }
        /// Line coverage; null when none was published.
        async fn coverage(&self) -> Option<Coverage> {
            self.0.coverage.map(Into::into)
        }
        /// Artifacts, one entry per file.
        async fn artifacts(&self) -> Vec<Artifact> {
            self.0.artifacts.iter().map(Into::into).collect()
        }
        /// Reports that could not be read.
        async fn findings(&self) -> Vec<Finding> {
            self.0.findings.iter().cloned().map(Into::into).collect()
        }
        /// The module that was built, when it is known.
        async fn module(&self) -> Option<ModuleDescription> {
            self.0.module.as_ref().map(Into::into)
        }
        /// Where the logs are.
        async fn logs_uri(&self) -> Option<&str> {
            self.0.logs_uri.as_deref()
        }
        /// The external CI's page; null for a run of ours.
        async fn external_url(&self) -> Option<&str> {
            self.0.external_url.as_deref()
        }
        /// When the build began.
        async fn started_at(&self) -> Option<DateTime<Utc>> {
            self.0.started_at
        }
        /// When it ended.
        async fn finished_at(&self) -> DateTime<Utc> {
            self.0.finished_at
        }
        /// Its test cases, failures first.
        #[graphql(complexity = "crate::paging::cost(first, last, 12)")]
        async fn test_cases(
            &self,
            context: &Context<'_>,
            #[graphql(desc = "At most so many from the start, 1 to 200; 20 when neither `first` nor `last` is given.")]
            first: Option<i32>,
            #[graphql(desc = "Only what stands after this cursor.")] after: Option<String>,
            #[graphql(desc = "At most so many from the end, 1 to 200; not together with `first`.")]
            last: Option<i32>,
            #[graphql(desc = "Only what stands before this cursor.")] before: Option<String>,
            #[graphql(desc = "Only what matches.")] filter: Option<TestCaseFilter>,
        ) -> Result<Connection<TestCase>> {
            let args = PageArgs { first, last, after, before };
            test_case::page(Call::of(context)?, self.0.id, args, filter).await
        }
    }
    one {
        /// The run; null for an external CI.
        run: PipelineRun by |it| it.run_id.map(RunById);
        /// The definition; null for an external CI.
        pipeline: PipelineDefinition by |it| it.pipeline_id.map(PipelineById);
        /// The repository.
        repository: Repository by |it| Some(RepositoryById(it.repository_id));
        /// The commit that was built; null when only the Git host knows it.
        commit: Commit by |it| Some(CommitBySha((it.repository_id, it.commit_sha.clone())));
        /// The pull request whose merge wrote the commit, or whose source it heads.
        pull_request: PullRequest by |it| Some(PullRequestOfCommit((
            it.repository_id,
            it.commit_sha.clone(),
            None,
        )));
        /// The package that was published of it.
        package: PackagePublication by |it| Some(PackageOfBuild(it.id));
        /// The container image that was built of it: of several registries, the one that is built.
        image: ContainerImage by |it| Some(ImageOfBuild(it.id));
    }
    many {
        /// The container images that were built of it, of every registry, oldest first.
        images: ContainerImage by |it| vec![ImagesOfBuild(it.id)];
        /// The releases that it is part of, oldest first.
        releases: ReleasePlan by |it| vec![ReleasesOfBuild(it.id)];
    }
    lists {}
}

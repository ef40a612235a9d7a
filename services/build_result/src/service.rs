//! The use cases.

mod directory;

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use sluice_kernel::{
    AnyFault, Ctx, Meta, Outcome, Page, PageRequest, directory::RepositoryDirectory,
};
use sluice_schema::{
    BuildId, EventId, ModuleId, NewEvent, PipelineId, ProjectId, RepositoryId, RunId, Scope,
    TypedId,
    events::{BlobReference, PipelineRunCompleted, PublishedArtifact, PublishedResult},
};
use sluice_store::{Store, reads};
use sluice_test_results::blob::{BlobError, BlobKey, BlobStore};

use crate::{
    BuildFilter, BuildOrder, BuildResult, BuildResultError, BuildStatus, RecordBuildResult,
    ResultFormat, TestCase, TestCaseFilter,
    entity::Column,
    model::judge,
    reports::{self, RawReport, Reports},
    store::{self, BuildList},
};

type Result<T> = std::result::Result<T, BuildResultError>;

const CONSUMER: &str = "build_result";
// What the parsers take at most.
const MAX_REPORT: u64 = 64 * 1024 * 1024;

/// The build result service; cheap to clone.
#[derive(Clone)]
pub struct BuildResults {
    store: Store,
    blobs: Arc<dyn BlobStore>,
    repositories: Arc<dyn RepositoryDirectory>,
}

impl BuildResults {
    /// A service on `store`, with raw reports in `blobs`.
    pub fn new(
        store: Store,
        blobs: Arc<dyn BlobStore>,
        repositories: Arc<dyn RepositoryDirectory>,
    ) -> Self {
        Self {
            store,
            blobs,
            repositories,
        }
    }

    fn store(&self) -> &Store {
        &self.store
    }

    /// Records the result of a build that an external CI ran.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT` (with findings for reports that cannot be
    /// read), `CONFLICT` when the key was recorded with other content.
    pub async fn record(
        &self,
        ctx: &Ctx,
        command: RecordBuildResult,
    ) -> Result<Outcome<Arc<BuildResult>>> {
        ctx.require(Scope::BuildsWrite)?;
        command.validate()?;
        let repository = self
            .repositories
            .repository(ctx, command.repository_id)
            .await;
        let repository = repository
            .map_err(AnyFault)
            .map_err(BuildResultError::Directory)?;
        let repository = repository.ok_or(BuildResultError::NotFound("repository"))?;
        let digest = command.digest()?;
        if let Some(existing) = store::find_by_run_key(&self.store, ctx, &command.run_key()).await?
        {
            return replay(existing, &digest, &command.external_key);
        }
        let id = BuildId::generate();
        let raw = command.results.iter().map(|result| RawReport {
            format: result.format,
            path: result.path.clone(),
            content: Ok(Bytes::from(result.content.clone())),
        });
        let reports = reports::read(id, raw.collect()).await?;
        if !reports.findings.is_empty() {
            // The caller is there to mend it, unlike the runner of a finished run.
            return Err(BuildResultError::Unreadable(reports.findings));
        }
        let now = self.store.clock().now();
        let meta = Meta::new(ctx, now, repository.project_id, repository.module_id);
        let build = external(id, meta, &command, digest.clone(), &reports);
        let key = command.run_key();
        match self.write(ctx, &build, &reports.cases, None).await {
            Err(BuildResultError::Store(error)) if error.is_unique() => {
                let theirs = store::find_by_run_key(&self.store, ctx, &key).await?;
                replay(theirs.ok_or(error)?, &digest, &command.external_key)
            }
            written => written.map(|_| Outcome::done(Arc::new(build))),
        }
    }

    /// Takes in the results of a run that ended; once, however often the event comes.
    pub(crate) async fn ingest(
        &self,
        ctx: &Ctx,
        event: (EventId, &ProjectId, Option<&ModuleId>),
        run: &PipelineRunCompleted,
    ) -> Result<()> {
        let (event_id, project, module) = event;
        let run_key = run.run_id.to_string();
        if store::find_by_run_key(&self.store, ctx, &run_key)
            .await?
            .is_some()
        {
            return self.note_delivery(ctx, event_id).await;
        }
        let id = BuildId::generate();
        let mut raw = Vec::new();
        for result in run.test_results.iter().chain(&run.coverage) {
            raw.push(self.fetch(result).await?);
        }
        let reports = reports::read(id, raw).await?;
        let now = self.store.clock().now();
        let meta = Meta::new(ctx, now, project.clone(), module.cloned());
        let build = of_run(id, meta, run, &reports)?;
        match self
            .write(ctx, &build, &reports.cases, Some(event_id))
            .await
        {
            // Another delivery of the same event was faster.
            Err(BuildResultError::Store(error)) if error.is_unique() => {
                self.note_delivery(ctx, event_id).await
            }
            written => written.map(|_| ()),
        }
    }

    // A report that is gone or too large is a finding; a store that does not answer is tried
    // again, since the report may well be there.
    async fn fetch(&self, result: &PublishedResult) -> Result<RawReport> {
        let format = result.format.parse::<ResultFormat>();
        let content = match BlobKey::new(result.blob.key.as_str()) {
            Err(error) => Err(error.to_string()),
            Ok(key) => match self.blobs.get(&key, MAX_REPORT).await {
                Ok(content) => Ok(content),
                Err(error @ (BlobError::NotFound { .. } | BlobError::TooLarge { .. })) => {
                    Err(error.to_string())
                }
                Err(error) => return Err(error.into()),
            },
        };
        let (format, content) = match format {
            Ok(format) => (format, content),
            Err(error) => (ResultFormat::Junit, Err(error)),
        };
        Ok(RawReport {
            format,
            path: result.path.clone(),
            content,
        })
    }

    async fn write(
        &self,
        ctx: &Ctx,
        build: &BuildResult,
        cases: &[TestCase],
        event: Option<EventId>,
    ) -> Result<()> {
        let meta = &build.meta;
        let completed = NewEvent::of(
            &meta.project_id,
            meta.module_id.as_ref(),
            &build.completed(),
        )?;
        let tx = self.store.begin(ctx).await?;
        if let Some(event) = event
            && !tx.first_delivery(CONSUMER, event).await?
        {
            return Ok(());
        }
        store::insert(&tx, build, cases).await?;
        tx.commit([completed]).await?;
        Ok(())
    }

    async fn note_delivery(&self, ctx: &Ctx, event: EventId) -> Result<()> {
        let tx = self.store.begin(ctx).await?;
        tx.first_delivery(CONSUMER, event).await?;
        tx.commit([]).await?;
        Ok(())
    }

    /// The build result of each run that has one.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn find_by_runs(
        &self,
        ctx: &Ctx,
        runs: &[RunId],
    ) -> Result<HashMap<RunId, Arc<BuildResult>>> {
        ctx.require(Scope::Read)?;
        let builds = store::find_by_runs(&self.store, ctx, runs).await?;
        Ok(builds
            .into_iter()
            .filter_map(|build| Some((build.run_id?, build)))
            .collect())
    }

    /// The build results of each commit, oldest first.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn find_by_commits(
        &self,
        ctx: &Ctx,
        commits: &[(RepositoryId, String)],
    ) -> Result<HashMap<(RepositoryId, String), Vec<Arc<BuildResult>>>> {
        ctx.require(Scope::Read)?;
        let shas = commits.iter().map(|(_, sha)| sha.clone()).collect();
        let mut builds = store::find_by_shas(&self.store, ctx, shas).await?;
        builds.sort_by_key(|build| build.id);
        let mut found: HashMap<_, Vec<_>> = commits
            .iter()
            .map(|commit| (commit.clone(), Vec::new()))
            .collect();
        for build in builds {
            let key = (build.repository_id, build.commit_sha.clone());
            if let Some(list) = found.get_mut(&key) {
                list.push(build);
            }
        }
        Ok(found)
    }

    /// One page of a build's test cases, failures first.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn test_cases(
        &self,
        ctx: &Ctx,
        build: BuildId,
        filter: &TestCaseFilter,
        request: &PageRequest,
    ) -> Result<Page<TestCase>> {
        let mut pages = self.test_case_pages(ctx, &[build], filter, request).await?;
        Ok(pages.remove(&build).unwrap_or_else(Page::empty))
    }

    /// One page of each build's test cases, failures first, in one statement; builds without
    /// matching ones are left out.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn test_case_pages(
        &self,
        ctx: &Ctx,
        builds: &[BuildId],
        filter: &TestCaseFilter,
        request: &PageRequest,
    ) -> Result<HashMap<BuildId, Page<TestCase>>> {
        ctx.require(Scope::Read)?;
        Ok(store::test_case_pages(&self.store, ctx, builds, filter, request).await?)
    }

    /// How many test cases match for each build, in one statement; builds without matching ones
    /// are left out.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn test_case_counts(
        &self,
        ctx: &Ctx,
        builds: &[BuildId],
        filter: &TestCaseFilter,
    ) -> Result<HashMap<BuildId, u64>> {
        ctx.require(Scope::Read)?;
        Ok(store::test_case_counts(&self.store, ctx, builds, filter).await?)
    }
}

reads! {
    BuildResults: BuildList(BuildFilter, BuildOrder) of BuildResult by BuildId or BuildResultError, else BuildResultError::NotFound("build result");
    pages_by_repository, counts_by_repository: RepositoryId in Column::RepositoryId, key |id| id.to_string(), of |row| row.repository_id.clone();
    pages_by_pipeline, counts_by_pipeline: PipelineId in Column::PipelineId, key |id| id.to_string(), of |row| row.pipeline_id.clone().unwrap_or_default();
}

fn replay(
    existing: Arc<BuildResult>,
    digest: &str,
    key: &str,
) -> Result<Outcome<Arc<BuildResult>>> {
    if existing.content_digest == digest {
        Ok(Outcome::replayed(existing))
    } else {
        Err(BuildResultError::Recorded(key.to_owned()))
    }
}

fn of_run(
    id: BuildId,
    meta: Meta,
    run: &PipelineRunCompleted,
    reports: &Reports,
) -> Result<BuildResult> {
    let ran = run.outcome.parse::<BuildStatus>();
    let ran = ran.map_err(|rule| BuildResultError::invalid("outcome", rule))?;
    let (status, reason) = judge(ran, run.reason.clone(), reports.tests.as_ref());
    Ok(BuildResult {
        id,
        meta,
        run_key: run.run_id.to_string(),
        content_digest: String::new(),
        run_id: Some(run.run_id),
        pipeline_id: Some(run.pipeline_id),
        repository_id: run.repository_id,
        branch: run.branch.clone(),
        commit_sha: run.commit_sha.clone(),
        status,
        reason,
        tests: reports.tests,
        coverage: reports.coverage,
        artifacts: run.artifacts.clone(),
        findings: reports.findings.clone(),
        module: Some(run.module.clone()),
        logs_uri: Some(run.logs_prefix.clone()),
        external_url: None,
        started_at: run.started_at,
        finished_at: run.finished_at,
    })
}

fn external(
    id: BuildId,
    meta: Meta,
    command: &RecordBuildResult,
    content_digest: String,
    reports: &Reports,
) -> BuildResult {
    let (status, reason) = judge(
        command.status,
        command.reason.clone(),
        reports.tests.as_ref(),
    );
    let artifact = |artifact: &crate::ExternalArtifact| PublishedArtifact {
        name: artifact.name.clone(),
        path: artifact.path.clone(),
        blob: BlobReference {
            key: artifact.uri.clone(),
            digest: artifact.digest.to_string(),
            size: artifact.size,
        },
    };
    BuildResult {
        id,
        meta,
        run_key: command.run_key(),
        content_digest,
        run_id: None,
        pipeline_id: None,
        repository_id: command.repository_id,
        branch: command.branch.clone(),
        commit_sha: command.commit_sha.clone(),
        status,
        reason,
        tests: reports.tests,
        coverage: reports.coverage,
        artifacts: command.artifacts.iter().map(artifact).collect(),
        findings: Vec::new(),
        module: None,
        logs_uri: None,
        external_url: command.url.clone(),
        started_at: command.started_at,
        finished_at: command.finished_at,
    }
}

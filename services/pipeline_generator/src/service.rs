//! The use cases: generating pipelines, and reading them.

mod generate;
mod publish;
mod queries;
mod refuse;

use std::sync::Arc;

use sluice_git_host::{GitHost, Oid, RepoPath};
use sluice_kernel::{
    AnyFault, Ctx, Meta,
    directory::{ProjectDirectory, RepositoryDirectory, RepositoryView},
};
use sluice_schema::{EventId, PipelineId, ProjectId, RepositoryId};
use sluice_store::{Store, StoreError, Tx};

use crate::{PipelineDefinition, PipelineError, reactions::CONSUMER, store};

type Result<T> = std::result::Result<T, PipelineError>;

/// How often a command decides again after others changed the same things meanwhile.
const ATTEMPTS: usize = 10;

/// The branch of a repository that holds its generated pipelines.
pub const PIPELINES_BRANCH: &str = "sluice/pipelines";

/// The pipeline generator; cheap to clone.
#[derive(Clone)]
pub struct Pipelines {
    store: Store,
    git: Arc<dyn GitHost>,
    repositories: Arc<dyn RepositoryDirectory>,
    projects: Arc<dyn ProjectDirectory>,
}

/// Where the Git host has the repository of an object.
fn place(meta: &Meta, repository_name: &str) -> Result<RepoPath> {
    let (tenant, project) = (meta.tenant_id.as_str(), meta.project_id.as_str());
    Ok(RepoPath::new(tenant, project, repository_name)?)
}

fn repository_path(repository: &RepositoryView) -> Result<RepoPath> {
    Ok(RepoPath::new(
        repository.tenant_id.as_str(),
        repository.project_id.as_str(),
        &repository.name,
    )?)
}

impl Pipelines {
    /// A service on `store` and `git` that asks `repositories` and `projects` for what it does
    /// not own. The project says whether a pipeline runs as soon as it is generated.
    pub fn new(
        store: Store,
        git: Arc<dyn GitHost>,
        repositories: Arc<dyn RepositoryDirectory>,
        projects: Arc<dyn ProjectDirectory>,
    ) -> Self {
        Self {
            store,
            git,
            repositories,
            projects,
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    async fn load(&self, ctx: &Ctx, id: PipelineId) -> Result<PipelineDefinition> {
        self.store
            .list::<store::PipelineList>(ctx)
            .by_id(id)
            .await?
            .ok_or(PipelineError::NotFound)
    }

    async fn repository(&self, ctx: &Ctx, id: RepositoryId) -> Result<RepositoryView> {
        let found = self.repositories.repository(ctx, id).await;
        found
            .map_err(AnyFault)?
            .ok_or(PipelineError::RepositoryNotFound)
    }

    /// Whether a run of the project's pipelines starts without a command.
    async fn auto_run(&self, ctx: &Ctx, project: &ProjectId) -> Result<bool> {
        let policies = self.projects.policies(ctx, project).await;
        Ok(policies.map_err(AnyFault)?.auto_run_pipelines)
    }

    /// Whether `commit` came before `other`, on the same line of history.
    async fn is_older(&self, path: &RepoPath, commit: &str, other: &str) -> Result<bool> {
        if commit == other {
            return Ok(false);
        }
        let (commit, other): (Oid, Oid) = (commit.parse()?, other.parse()?);
        Ok(self.git.is_ancestor(path, &commit, &other).await?)
    }

    /// Begins a transaction that notes the delivery of `event`, if there is one. The effects of
    /// this service are keyed by commit; the note alone says that nothing is left to do.
    async fn begin(&self, ctx: &Ctx, event: Option<EventId>) -> Result<Tx> {
        let tx = self.store.begin(ctx).await?;
        if let Some(event) = event {
            tx.first_delivery(CONSUMER, event).await?;
        }
        Ok(tx)
    }

    /// Notes the delivery of an event that needs no change.
    async fn note(&self, ctx: &Ctx, event: Option<EventId>) -> Result<()> {
        if event.is_some() {
            self.begin(ctx, event).await?.commit([]).await?;
        }
        Ok(())
    }
}

/// `false` when somebody else changed the same things first, so that nothing took effect.
fn unless_race(done: std::result::Result<(), StoreError>) -> Result<bool> {
    match done {
        Ok(()) => Ok(true),
        Err(error) if error.is_race() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

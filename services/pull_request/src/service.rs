//! The use cases: one part each for opening, deciding, merging, looking and reading.

mod decide;
mod diff;
mod look;
mod merge;
mod open;
mod read;

use std::sync::Arc;

use sluice_git_host::{BranchName, GitHost, RepoPath};
use sluice_kernel::{
    AnyFault, Ctx,
    directory::{BranchDirectory, RepositoryDirectory, RepositoryView},
};
use sluice_schema::{EventPayload, NewEvent, PullRequestId, RepositoryId};
use sluice_store::{Store, StoreError};

pub use diff::PullRequestDiff;
pub use merge::unmet_policy;
pub use read::OfCommit;

use crate::{PullRequest, PullRequestError, store};

type Result<T> = std::result::Result<T, PullRequestError>;

/// How often a command reads and decides again when others change the same object.
const ATTEMPTS: usize = 64;

/// The pull request service; cheap to clone.
#[derive(Clone)]
pub struct PullRequests {
    store: Store,
    git: Arc<dyn GitHost>,
    repositories: Arc<dyn RepositoryDirectory>,
    branches: Arc<dyn BranchDirectory>,
}

impl PullRequests {
    /// A service on `store` and `git` that asks `repositories` and `branches` for their facts.
    pub fn new(
        store: Store,
        git: Arc<dyn GitHost>,
        repositories: Arc<dyn RepositoryDirectory>,
        branches: Arc<dyn BranchDirectory>,
    ) -> Self {
        Self {
            store,
            git,
            repositories,
            branches,
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    async fn load(&self, ctx: &Ctx, id: PullRequestId) -> Result<PullRequest> {
        self.store
            .list::<store::PullRequestList>(ctx)
            .by_id(id)
            .await?
            .ok_or(PullRequestError::NotFound)
    }

    /// The repository, which must take changes.
    async fn writable_repository(&self, ctx: &Ctx, id: RepositoryId) -> Result<RepositoryView> {
        let found = self.repositories.repository(ctx, id).await;
        let repository = found.map_err(AnyFault)?;
        let repository = repository.ok_or(PullRequestError::NoRepository)?;
        ctx.require_project(&repository.project_id)?;
        if !repository.is_writable {
            return Err(PullRequestError::NotWritable);
        }
        Ok(repository)
    }

    /// Saves one change with its event; `StoreError::is_race` when it must be decided again.
    async fn save<P: EventPayload>(
        &self,
        ctx: &Ctx,
        pull_request: &mut PullRequest,
        event: Option<&P>,
    ) -> Result<()> {
        pull_request.meta.touch(ctx, self.store.clock().now());
        let event = event.map(|event| announced(pull_request, event));
        let event = event.transpose()?;
        let tx = self.store.begin(ctx).await?;
        store::update(&tx, pull_request).await?;
        tx.commit(event).await?;
        Ok(())
    }
}

/// The event as the transaction takes it.
fn announced<P: EventPayload>(pull_request: &PullRequest, event: &P) -> Result<NewEvent> {
    let meta = &pull_request.meta;
    let module = meta.module_id.as_ref();
    Ok(NewEvent::of(&meta.project_id, module, event)?)
}

/// Where the pull request's repository is at the Git host.
fn path_of(pull_request: &PullRequest) -> Result<RepoPath> {
    let meta = &pull_request.meta;
    Ok(RepoPath::new(
        meta.tenant_id.as_str(),
        meta.project_id.as_str(),
        &pull_request.repository_name,
    )?)
}

fn branch_of(name: &str) -> Result<BranchName> {
    Ok(BranchName::new(name)?)
}

/// Whether another writer was first, so that this one should read and decide again.
fn is_race(error: &PullRequestError) -> bool {
    matches!(error, PullRequestError::Store(error) if StoreError::is_race(error))
}

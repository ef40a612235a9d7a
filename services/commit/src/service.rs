//! The use cases: writing commits, recording merges, and reading both.

mod content;
mod create;
mod finish;
mod history;
mod merges;
mod queries;

use std::sync::Arc;

use sluice_git_host::{BranchName, GitHost, Oid, RepoPath};
use sluice_kernel::{
    AnyFault, Ctx,
    directory::{BranchDirectory, RepositoryDirectory, RepositoryView},
};
use sluice_schema::{CommitId, NewEvent, RepositoryId, events::CommitCreated};
use sluice_store::{Store, StoreError};

use crate::{Commit, CommitError, CommitStatus, store};

pub(crate) use finish::Work;
pub(crate) use history::Beside;

type Result<T> = std::result::Result<T, CommitError>;

/// How often a command decides again after others moved the branch: each time one of them
/// succeeded, so that this many at once on one branch all do.
const ATTEMPTS: usize = 64;

/// The commit service; cheap to clone.
#[derive(Clone)]
pub struct Commits {
    store: Store,
    git: Arc<dyn GitHost>,
    repositories: Arc<dyn RepositoryDirectory>,
    branches: Arc<dyn BranchDirectory>,
}

/// Where the Git host has the commit's branch.
fn place(commit: &Commit) -> Result<(RepoPath, BranchName)> {
    let (tenant, project) = (&commit.meta.tenant_id, &commit.meta.project_id);
    let path = RepoPath::new(tenant.as_str(), project.as_str(), &commit.repository_name)?;
    Ok((path, commit.branch.parse()?))
}

/// Where the Git host has a repository.
fn repository_path(repository: &RepositoryView) -> Result<RepoPath> {
    let (tenant, project) = (&repository.tenant_id, &repository.project_id);
    Ok(RepoPath::new(
        tenant.as_str(),
        project.as_str(),
        &repository.name,
    )?)
}

fn event_of(commit: &Commit, payload: &CommitCreated) -> Result<NewEvent> {
    let meta = &commit.meta;
    Ok(NewEvent::of(
        &meta.project_id,
        meta.module_id.as_ref(),
        payload,
    )?)
}

impl Commits {
    /// A service on `store` and `git` that asks `repositories` and `branches` for what it does
    /// not own.
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

    async fn load(&self, ctx: &Ctx, id: CommitId) -> Result<Commit> {
        self.store
            .list::<store::CommitList>(ctx)
            .by_id(id)
            .await?
            .ok_or(CommitError::NotFound)
    }

    async fn repository(&self, ctx: &Ctx, id: RepositoryId) -> Result<RepositoryView> {
        let found = self.repositories.repository(ctx, id).await;
        found
            .map_err(AnyFault)?
            .ok_or(CommitError::RepositoryNotFound)
    }

    async fn tree_of(&self, path: &RepoPath, commit: &Oid) -> Result<Oid> {
        let info = self.git.commit(path, commit).await?;
        Ok(info.ok_or(CommitError::NotFound)?.tree)
    }

    /// Whether the branch has the commit, or may still get it; a branch that is gone had it. The
    /// head is read after the record: one that was read before may be older than the commit.
    async fn stands(&self, commit: &Commit) -> Result<bool> {
        let sha = match (&commit.sha, commit.status) {
            (Some(sha), CommitStatus::Created) => sha.parse()?,
            (_, status) => return Ok(status == CommitStatus::Pending),
        };
        let (path, branch) = place(commit)?;
        match self.git.head(&path, &branch).await? {
            Some(head) => Ok(self.git.is_ancestor(&path, &sha, &head).await?),
            None => Ok(true),
        }
    }

    /// Saves a change with its event; `false` when somebody else changed the commit first, in
    /// which case nothing took effect.
    async fn save(&self, ctx: &Ctx, commit: &mut Commit, event: Option<NewEvent>) -> Result<bool> {
        commit.meta.touch(ctx, self.store.clock().now());
        let tx = self.store.begin(ctx).await?;
        match store::update(&tx, commit).await {
            Ok(()) => {}
            Err(error) if error.is_race() => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        match tx.commit(event).await {
            Ok(_) => Ok(true),
            Err(StoreError::Serialization(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

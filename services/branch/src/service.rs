//! The use cases: creating, deleting and binding branches, and reading them.

mod create;
mod delete;
mod follow;
mod policy;
mod queries;

use std::sync::Arc;

use sluice_git_host::{BranchName, GitHost, Oid, RefChange, RepoPath};
use sluice_kernel::{
    AnyFault, Ctx,
    directory::{RepositoryDirectory, RepositoryView},
};
use sluice_schema::{BranchId, EventPayload, NewEvent, RepositoryId};
use sluice_store::{Store, StoreError, Tx};

use crate::{Branch, BranchError, BranchStatus, store};

type Result<T> = std::result::Result<T, BranchError>;

/// How often a command decides again after others changed the branch meanwhile.
const ATTEMPTS: usize = 5;

/// The branch service; cheap to clone.
#[derive(Clone)]
pub struct Branches {
    store: Store,
    git: Arc<dyn GitHost>,
    repositories: Arc<dyn RepositoryDirectory>,
}

/// Where the Git host has a branch.
fn place(branch: &Branch) -> Result<(RepoPath, BranchName)> {
    let (tenant, project) = (&branch.meta.tenant_id, &branch.meta.project_id);
    let path = RepoPath::new(tenant.as_str(), project.as_str(), &branch.repository_name)?;
    Ok((path, branch.name.parse()?))
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

fn event_of<P: EventPayload>(branch: &Branch, payload: &P) -> Result<NewEvent> {
    let meta = &branch.meta;
    Ok(NewEvent::of(
        &meta.project_id,
        meta.module_id.as_ref(),
        payload,
    )?)
}

impl Branches {
    /// A service on `store` and `git` that asks `repositories` for what it does not own.
    pub fn new(
        store: Store,
        git: Arc<dyn GitHost>,
        repositories: Arc<dyn RepositoryDirectory>,
    ) -> Self {
        Self {
            store,
            git,
            repositories,
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    async fn load(&self, ctx: &Ctx, id: BranchId) -> Result<Branch> {
        self.store
            .list::<store::BranchList>(ctx)
            .by_id(id)
            .await?
            .ok_or(BranchError::NotFound)
    }

    async fn repository(&self, ctx: &Ctx, id: RepositoryId) -> Result<RepositoryView> {
        let found = self.repositories.repository(ctx, id).await;
        found
            .map_err(AnyFault)?
            .ok_or(BranchError::RepositoryNotFound)
    }

    async fn ensure_writable(&self, ctx: &Ctx, id: RepositoryId) -> Result<()> {
        if self.repository(ctx, id).await?.is_writable {
            Ok(())
        } else {
            Err(BranchError::NotWritable)
        }
    }

    /// Saves a change with its event; `false` when somebody else changed the branch first, in
    /// which case nothing took effect.
    async fn save(&self, ctx: &Ctx, branch: &mut Branch, event: Option<NewEvent>) -> Result<bool> {
        branch.meta.touch(ctx, self.store.clock().now());
        let tx = self.store.begin(ctx).await?;
        match store::update(&tx, branch).await {
            Ok(()) => self.commit(tx, event).await,
            Err(error) if error.is_race() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn commit(&self, tx: Tx, event: Option<NewEvent>) -> Result<bool> {
        match tx.commit(event).await {
            Ok(_) => Ok(true),
            Err(StoreError::Serialization(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Finishes what a crash or a slower caller left half done.
    pub(crate) async fn finish(&self, ctx: &Ctx, branch: Branch) -> Result<Arc<Branch>> {
        match branch.status {
            BranchStatus::Creating => self.finish_creating(ctx, branch).await,
            BranchStatus::Deleting => self.finish_deleting(ctx, branch).await,
            BranchStatus::Active | BranchStatus::Deleted => Ok(Arc::new(branch)),
        }
    }

    /// Undoes what this caller did at the Git host when it turns out that others had finished
    /// the work before, and the name has had another fate since.
    async fn repair(&self, ctx: &Ctx, late: &Branch, sha: Oid) -> Result<()> {
        let (path, name) = place(late)?;
        let live = store::find_live(&self.store, ctx, late.repository_id, &late.name).await?;
        let head = self.git.head(&path, &name).await?;
        let change = match (live.map(|branch| branch.status), head) {
            (None, Some(head)) if head == sha => (Some(sha), None),
            (Some(BranchStatus::Active), None) => (None, Some(sha)),
            _ => return Ok(()),
        };
        let (expected, new) = change;
        match self
            .git
            .update_ref(&path, &name, RefChange { expected, new })
            .await
        {
            // Whoever moved it in between knows better.
            Ok(()) | Err(sluice_git_host::GitHostError::RefMoved { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

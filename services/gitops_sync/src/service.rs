//! The use cases.

mod act;
mod change;
mod content;
mod drive;
mod look;
mod react;

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use sluice_deployment_target::{DeploymentTarget, Limits};
use sluice_git_host::GitHost;
use sluice_kernel::{
    BoxFault, Ctx, Direction, Outcome, Page, PageRequest,
    directory::{EnvironmentDirectory, SyncDirectory, SyncView},
};
use sluice_schema::{EnvironmentId, PromotionId, RepositoryId, Scope, SyncId};
use sluice_store::{Store, reads};

use crate::{
    AttemptFilter, AttemptOrder, GitOpsSettings, GitOpsSyncError, GitOpsSyncState, PauseGitOps,
    ResumeGitOps, SyncAttempt, SyncFilter, SyncGitOps, SyncOrder,
    commands::Named,
    entity::Column,
    store::{self, AttemptList, SyncList},
};
use change::{Change, Decision};

type Result<T, E = GitOpsSyncError> = std::result::Result<T, E>;

/// GitOps synchronisation; cheap to clone.
#[derive(Clone)]
pub struct GitOpsSyncs {
    store: Store,
    git: Arc<dyn GitHost>,
    target: Arc<dyn DeploymentTarget>,
    environments: Arc<dyn EnvironmentDirectory>,
    settings: Arc<GitOpsSettings>,
    limits: Arc<Limits>,
}

/// How often a command looks whether the attempt that it joined has ended, and how long.
const JOIN_EVERY: Duration = Duration::from_millis(25);
const JOIN_AT_MOST: Duration = Duration::from_secs(30);

impl GitOpsSyncs {
    /// A service that applies what `git` declares to `target`.
    pub fn new(
        store: Store,
        git: Arc<dyn GitHost>,
        target: Arc<dyn DeploymentTarget>,
        environments: Arc<dyn EnvironmentDirectory>,
        settings: GitOpsSettings,
    ) -> Self {
        Self {
            store,
            git,
            target,
            environments,
            settings: Arc::new(settings),
            limits: Arc::default(),
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn settings(&self) -> &GitOpsSettings {
        &self.settings
    }

    /// Brings a target to what Git declares. When it holds that already, nothing happens and the
    /// answer is `replayed`, as it is when the command joined an attempt under way.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `FAILED_PRECONDITION` while it is paused or when
    /// Git declares nothing, `INVALID_MANIFEST`; what the attempt failed with, which is recorded.
    pub async fn sync(
        &self,
        ctx: &Ctx,
        command: SyncGitOps,
    ) -> Result<Outcome<Arc<GitOpsSyncState>>> {
        ctx.require(Scope::GitOpsSync)?;
        let state = self.named(ctx, &command).await?;
        if self.store.recall(ctx, "syncGitOps").await?.is_some() {
            return Ok(Outcome::replayed(Arc::new(state)));
        }
        self.sync_now(ctx, state.id, &command).await
    }

    async fn named(&self, ctx: &Ctx, command: &SyncGitOps) -> Result<GitOpsSyncState> {
        let store = &self.store;
        let found = match command.named()? {
            Named::Id(id) => return self.load(ctx, id).await,
            Named::InEnvironment(id, module) => store::find(store, ctx, id, module).await?,
            Named::InProject(project, environment, module) => {
                store::find_in_project(store, ctx, project, environment, module).await?
            }
        };
        found.ok_or(GitOpsSyncError::NotFound)
    }

    /// Stops automatic synchronisation and healing; what differs is still reported.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `CONFLICT` when it is paused for another reason.
    pub async fn pause(
        &self,
        ctx: &Ctx,
        command: PauseGitOps,
    ) -> Result<Outcome<Arc<GitOpsSyncState>>> {
        ctx.require(Scope::GitOpsSync)?;
        let reason = command.reason()?;
        let by = ctx.actor().id.clone();
        let (state, replayed) = self
            .change(ctx, command.sync_id, |state, now| {
                let paused = state.pause(reason, &by, now)?;
                Ok(keep_unless(paused))
            })
            .await?;
        let value = Arc::new(state);
        Ok(Outcome { value, replayed })
    }

    /// Starts automatic synchronisation and healing again, at once.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`. What the first synchronisation fails with is recorded, no error.
    pub async fn resume(
        &self,
        ctx: &Ctx,
        command: ResumeGitOps,
    ) -> Result<Outcome<Arc<GitOpsSyncState>>> {
        ctx.require(Scope::GitOpsSync)?;
        let (state, replayed) = self
            .change(ctx, command.sync_id, |state, _| {
                Ok(keep_unless(state.resume()))
            })
            .await?;
        if replayed {
            return Ok(Outcome::replayed(Arc::new(state)));
        }
        if let Err(error) = self.drive(ctx, state.id).await {
            tracing::warn!(id = %state.id, error = %error, "the first look after a pause failed");
        }
        Ok(Outcome::done(Arc::new(self.load(ctx, state.id).await?)))
    }

    /// One page of a state's attempts, by number.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn attempts(
        &self,
        ctx: &Ctx,
        id: SyncId,
        direction: Direction,
        request: &PageRequest,
    ) -> Result<Page<Arc<SyncAttempt>>> {
        ctx.require(Scope::Read)?;
        let filter = AttemptFilter {
            sync_id: Some(id),
            outcome: None,
        };
        let order = (AttemptOrder::Number, direction);
        let list = self.store.list::<AttemptList>(ctx);
        Ok(list.page(&filter, order, request).await?)
    }

    /// One page of each state's attempts, in one statement; states without any are left out.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn attempt_pages(
        &self,
        ctx: &Ctx,
        ids: &[SyncId],
        filter: &AttemptFilter,
        order: (AttemptOrder, Direction),
        request: &PageRequest,
    ) -> Result<HashMap<SyncId, Page<Arc<SyncAttempt>>>> {
        ctx.require(Scope::Read)?;
        let list = self.store.list::<AttemptList>(ctx);
        Ok(list
            .pages_by(store::of_sync(), ids, filter, order, request)
            .await?)
    }

    /// How many attempts match for each state, in one statement; states without any are left out.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn attempt_counts(
        &self,
        ctx: &Ctx,
        ids: &[SyncId],
        filter: &AttemptFilter,
    ) -> Result<HashMap<SyncId, u64>> {
        ctx.require(Scope::Read)?;
        let list = self.store.list::<AttemptList>(ctx);
        Ok(list.counts_by(store::of_sync(), ids, filter).await?)
    }

    /// The states of each environment, by module.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn find_by_environments(
        &self,
        ctx: &Ctx,
        environments: &[EnvironmentId],
    ) -> Result<HashMap<EnvironmentId, Vec<Arc<GitOpsSyncState>>>> {
        ctx.require(Scope::Read)?;
        let mut found = store::find_by_environments(&self.store, ctx, environments).await?;
        found.sort_by(|a, b| a.module.cmp(&b.module));
        let mut groups: HashMap<_, Vec<_>> = HashMap::new();
        for state in found {
            groups.entry(state.environment_id).or_default().push(state);
        }
        Ok(groups)
    }

    /// The states whose last promotion is one of these, by module.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn find_by_promotions(
        &self,
        ctx: &Ctx,
        promotions: &[PromotionId],
    ) -> Result<HashMap<PromotionId, Vec<Arc<GitOpsSyncState>>>> {
        ctx.require(Scope::Read)?;
        let mut found = store::find_by_promotions(&self.store, ctx, promotions).await?;
        found.sort_by(|a, b| a.module.cmp(&b.module));
        let mut groups: HashMap<_, Vec<_>> = HashMap::new();
        for state in found {
            let promotion = state.promoted.promotion_id;
            groups.entry(promotion).or_default().push(state);
        }
        Ok(groups)
    }

    pub(crate) async fn load(&self, ctx: &Ctx, id: SyncId) -> Result<GitOpsSyncState> {
        let found = self.store.list::<SyncList>(ctx).by_id(id).await?;
        found.ok_or(GitOpsSyncError::NotFound)
    }
}

/// The answer is whether nothing changed.
fn keep_unless(changed: bool) -> Decision<bool> {
    if changed {
        Decision::save(Change::of(false))
    } else {
        Decision::Keep(true)
    }
}

reads! {
    GitOpsSyncs: SyncList(SyncFilter, SyncOrder) of GitOpsSyncState by SyncId or GitOpsSyncError, else GitOpsSyncError::NotFound;
    pages_by_environment, counts_by_environment: EnvironmentId in Column::EnvironmentId, key |id| id.to_string(), of |row| row.environment_id.clone();
    pages_by_gitops_repository, counts_by_gitops_repository: RepositoryId in Column::GitopsRepositoryId, key |id| id.to_string(), of |row| row.gitops_repository_id.clone();
}

fn view(state: &GitOpsSyncState) -> SyncView {
    SyncView {
        id: state.id,
        environment_id: state.environment_id,
        module: state.module.clone(),
        sync: state.sync.as_str().to_owned(),
        health: state.health.as_str().to_owned(),
        revision: state.applied.as_ref().map(|held| held.revision.clone()),
        manifest_digest: state.applied.as_ref().map(|held| held.digest.clone()),
        reason: state.reason.clone(),
    }
}

#[async_trait]
impl SyncDirectory for GitOpsSyncs {
    async fn syncs(
        &self,
        ctx: &Ctx,
        environment: EnvironmentId,
    ) -> std::result::Result<Vec<SyncView>, BoxFault> {
        let found = store::find_by_environments(&self.store, ctx, &[environment]).await?;
        Ok(found.iter().map(|state| view(state)).collect())
    }
}

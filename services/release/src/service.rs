//! The use cases: one part each for planning, deciding, following what changes, and reading.

mod decide;
mod draft;
mod expire;
mod follow;
mod gather;
mod plan;
mod read;

use std::sync::Arc;

use sluice_git_host::GitHost;
use sluice_kernel::{
    AnyFault, Ctx, ProjectPolicies,
    directory::{
        ArtifactDirectory, BuildDirectory, EnvironmentDirectory, EnvironmentView, ProjectDirectory,
        PullRequestDirectory, RepositoryDirectory,
    },
};
use sluice_schema::{ApprovalId, EventPayload, NewEvent, ProjectId, ReleaseId};
use sluice_store::{Store, StoreError, Tx};

use crate::{
    ApprovalState, ReleaseApproval, ReleaseError, ReleasePlan,
    model::Effect,
    store::{self, ReleaseList, approvals},
};

type Result<T> = std::result::Result<T, ReleaseError>;

/// The consumer's name, and the actor of what the service does by itself.
pub(crate) const CONSUMER: &str = "release";
/// How often a command reads and decides again when others change the same object.
const ATTEMPTS: usize = 64;

/// What releases ask of others.
#[derive(Clone)]
pub struct Ports {
    /// Answers what builds proved.
    pub builds: Arc<dyn BuildDirectory>,
    /// Answer what was made of builds: packages and images.
    pub artifacts: Vec<Arc<dyn ArtifactDirectory>>,
    /// Answers what environments there are.
    pub environments: Arc<dyn EnvironmentDirectory>,
    /// Answers what projects let run by themselves, and who approves.
    pub projects: Arc<dyn ProjectDirectory>,
    /// Answers what repositories there are.
    pub repositories: Arc<dyn RepositoryDirectory>,
    /// Answers who contributed changes.
    pub pull_requests: Arc<dyn PullRequestDirectory>,
    /// Holds the commits.
    pub git: Arc<dyn GitHost>,
}

struct Inner {
    store: Store,
    ports: Ports,
}

/// The release service; cheap to clone.
#[derive(Clone)]
pub struct Releases(Arc<Inner>);

impl Releases {
    /// A service on `store` that asks `ports` for the facts of others.
    pub fn new(store: Store, ports: Ports) -> Self {
        Self(Arc::new(Inner { store, ports }))
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn ports(&self) -> &Ports {
        &self.0.ports
    }

    async fn load(&self, ctx: &Ctx, id: ReleaseId) -> Result<ReleasePlan> {
        let list = self.store().list::<ReleaseList>(ctx);
        list.by_id(id).await?.ok_or(ReleaseError::NotFound)
    }

    async fn recalled(&self, ctx: &Ctx, command: &str) -> Result<Option<Arc<ReleasePlan>>> {
        let Some(id) = self.store().recall(ctx, command).await? else {
            return Ok(None);
        };
        let id = id.parse().map_err(|_| ReleaseError::NotFound)?;
        Ok(Some(Arc::new(self.load(ctx, id).await?)))
    }

    async fn policies(&self, ctx: &Ctx, project: &ProjectId) -> Result<ProjectPolicies> {
        let policies = self.ports().projects.policies(ctx, project).await;
        Ok(policies.map_err(AnyFault)?)
    }

    async fn environments(&self, ctx: &Ctx, project: &ProjectId) -> Result<Vec<EnvironmentView>> {
        let environments = self.ports().environments.environments(ctx, project).await;
        Ok(environments.map_err(AnyFault)?)
    }

    /// Notes a delivery that changes nothing.
    async fn note_delivery(&self, ctx: &Ctx, event: sluice_schema::EventId) -> Result<()> {
        let tx = self.store().begin(ctx).await?;
        tx.first_delivery(CONSUMER, event).await?;
        tx.commit([]).await?;
        Ok(())
    }

    /// Saves a release after something new came in: approvals that do not cover it any more are
    /// void, and a release that has everything waits for approval. Returns the events.
    async fn absorb(
        &self,
        tx: &Tx,
        release: &mut ReleasePlan,
        effect: &Effect,
    ) -> Result<Vec<NewEvent>> {
        if !effect.changed {
            return Ok(Vec::new());
        }
        release.seal()?;
        let mut events = Vec::new();
        if let Some(cause) = effect.cause() {
            let valid = approvals::valid_in(tx, release.id).await?;
            let ended = self.end(tx, valid, ApprovalState::Void, &cause).await?;
            if let Some(event) = release.void(&cause, ended, 0) {
                events.push(announced(release, &event)?);
            }
        }
        if let Some(event) = release.settle() {
            events.push(announced(release, &event)?);
        }
        release.meta.touch(tx.ctx(), self.store().clock().now());
        store::update(tx, release).await?;
        Ok(events)
    }

    /// Ends approvals; returns which.
    async fn end(
        &self,
        tx: &Tx,
        ending: Vec<ReleaseApproval>,
        state: ApprovalState,
        cause: &str,
    ) -> Result<Vec<ApprovalId>> {
        let now = self.store().clock().now();
        let mut ended = Vec::new();
        for mut approval in ending {
            approval.end(state, cause);
            approval.meta.touch(tx.ctx(), now);
            approvals::update(tx, &mut approval).await?;
            ended.push(approval.id);
        }
        Ok(ended)
    }
}

/// The event as the transaction takes it.
fn announced<P: EventPayload>(release: &ReleasePlan, event: &P) -> Result<NewEvent> {
    let meta = &release.meta;
    let module = meta.module_id.as_ref();
    Ok(NewEvent::of(&meta.project_id, module, event)?)
}

/// Whether another writer was first, so that this one should read and decide again.
pub(crate) fn is_race(error: &ReleaseError) -> bool {
    matches!(error, ReleaseError::Store(error) if StoreError::is_race(error))
}

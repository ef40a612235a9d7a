//! What other services' events mean for states.

use sluice_kernel::{Ctx, Meta};
use sluice_schema::{
    Envelope, SyncId, TypedId,
    events::{DeploymentPromoted, InfrastructureProvisioned, PromotedItem},
};
use sluice_store::StoreError;

use super::{GitOpsSyncs, Result, content::repository};
use crate::{
    Cause, Content, GitOpsSyncError, GitOpsSyncState, HealthStatus, Operation, Origin, Promoted,
    SERVICE, SyncStatus, store,
};

const TRIES: usize = 20;

/// A state to save: a new one, or a changed one.
enum Save {
    New(Box<GitOpsSyncState>),
    Changed(Box<GitOpsSyncState>),
}

impl GitOpsSyncs {
    /// Git declares what a promotion put there: its states are noted, then synchronised.
    pub(crate) async fn on_promoted(
        &self,
        ctx: &Ctx,
        event: &Envelope,
        promoted: &DeploymentPromoted,
    ) -> Result<()> {
        let mut tries = TRIES;
        let ids = loop {
            tries -= 1;
            match self.note_promotion(ctx, event, promoted).await {
                Ok(ids) => break ids,
                // Another promotion or the timer changed one of the states.
                Err(GitOpsSyncError::Store(error)) if error.is_race() && tries > 0 => {}
                Err(error) => return Err(error),
            }
        };
        self.drive_all(ctx, ids).await;
        Ok(())
    }

    async fn note_promotion(
        &self,
        ctx: &Ctx,
        event: &Envelope,
        promoted: &DeploymentPromoted,
    ) -> Result<Vec<SyncId>> {
        let mut saves = Vec::new();
        for item in &promoted.items {
            saves.extend(self.promotion_of(ctx, event, promoted, item).await?);
        }
        self.save_all(ctx, event, saves).await
    }

    /// The state of the item as the promotion makes it; nothing when a later one came first.
    async fn promotion_of(
        &self,
        ctx: &Ctx,
        event: &Envelope,
        promoted: &DeploymentPromoted,
        item: &PromotedItem,
    ) -> Result<Option<Save>> {
        let environment = promoted.environment_id;
        let found = store::find(&self.store, ctx, environment, &item.module).await?;
        let is_new = found.is_none();
        let mut state = match found {
            Some(state) if self.is_older(&state, promoted).await? => return Ok(None),
            Some(state) => state,
            None => self.first(ctx, event, promoted, item)?,
        };
        state.gitops_repository_id = promoted.gitops_repository_id;
        state
            .gitops_repository
            .clone_from(&promoted.gitops_repository);
        state.branch.clone_from(&promoted.branch);
        state.path.clone_from(&item.path);
        let repo = repository(&state)?;
        let commit = promoted.commit_sha.parse()?;
        let folder = self.folder(&repo, commit, &item.path).await?;
        let promoted = promoted_of(promoted, item, folder.fingerprint);
        state.promote(
            promoted,
            Origin::of(Cause::Promotion, ctx, Some(event.event_id)),
        );
        let state = Box::new(state);
        Ok(Some(if is_new {
            Save::New(state)
        } else {
            Save::Changed(state)
        }))
    }

    /// Whether the promotion is one that the state's own came after: events of two promotions may
    /// arrive in any order.
    async fn is_older(&self, state: &GitOpsSyncState, event: &DeploymentPromoted) -> Result<bool> {
        let own = &state.promoted;
        if own.commit_sha == event.commit_sha {
            return Ok(event.promotion_id < own.promotion_id);
        }
        if state.gitops_repository_id != event.gitops_repository_id {
            return Ok(event.promotion_id < own.promotion_id);
        }
        let (repo, own) = (repository(state)?, own.commit_sha.parse()?);
        let commit = event.commit_sha.parse()?;
        Ok(self.git.is_ancestor(&repo, &commit, &own).await?)
    }

    fn first(
        &self,
        ctx: &Ctx,
        event: &Envelope,
        promoted: &DeploymentPromoted,
        item: &PromotedItem,
    ) -> Result<GitOpsSyncState> {
        let module = item.module.parse();
        let module = module.map_err(|_| GitOpsSyncError::invalid("module", "not a module's id"))?;
        let now = self.store.clock().now();
        let content = Content {
            revision: promoted.commit_sha.clone(),
            fingerprint: String::new(),
            digest: item.manifest_digest.clone(),
        };
        Ok(GitOpsSyncState {
            id: SyncId::generate(),
            meta: Meta::new(ctx, now, event.project_id.clone(), Some(module)),
            environment_id: promoted.environment_id,
            environment: promoted.environment.clone(),
            module: item.module.clone(),
            gitops_repository_id: promoted.gitops_repository_id,
            gitops_repository: promoted.gitops_repository.clone(),
            branch: promoted.branch.clone(),
            path: item.path.clone(),
            sync: SyncStatus::OutOfSync,
            health: HealthStatus::Unknown,
            operation: Operation::Idle,
            promoted: promoted_of(promoted, item, String::new()),
            desired: content,
            applied: None,
            attempted_revision: None,
            attempts: 0,
            failures: 0,
            reason: None,
            pending: None,
            retry_at: None,
            given_up: None,
            unapplied: Vec::new(),
            running: None,
            drift: Vec::new(),
            drift_total: 0,
            drift_digest: None,
            paused: None,
            last_synced_at: None,
            observed_at: None,
            seen: None,
        })
    }

    /// Infrastructure below a module was provisioned: what stands on it is applied once more.
    pub(crate) async fn on_provisioned(
        &self,
        ctx: &Ctx,
        event: &Envelope,
        provisioned: &InfrastructureProvisioned,
    ) -> Result<()> {
        let mut tries = TRIES;
        let ids = loop {
            tries -= 1;
            match self.note_provisioning(ctx, event, provisioned).await {
                Ok(ids) => break ids,
                Err(GitOpsSyncError::Store(error)) if error.is_race() && tries > 0 => {}
                Err(error) => return Err(error),
            }
        };
        self.drive_all(ctx, ids).await;
        Ok(())
    }

    async fn note_provisioning(
        &self,
        ctx: &Ctx,
        event: &Envelope,
        provisioned: &InfrastructureProvisioned,
    ) -> Result<Vec<SyncId>> {
        let (environment, module) = (provisioned.environment_id, &provisioned.module);
        let found = store::find(&self.store, ctx, environment, module).await?;
        // An attempt that is asked for already comes after the provisioning all the same.
        let asked = found.filter(|state| state.pending.is_none());
        let saves = asked.map(|mut state| {
            state.ask(Origin::of(Cause::Infrastructure, ctx, Some(event.event_id)));
            Save::Changed(Box::new(state))
        });
        self.save_all(ctx, event, saves.into_iter().collect()).await
    }

    async fn save_all(&self, ctx: &Ctx, event: &Envelope, saves: Vec<Save>) -> Result<Vec<SyncId>> {
        let tx = self.store.begin(ctx).await?;
        if !tx.first_delivery(SERVICE, event.event_id).await? {
            return Ok(Vec::new());
        }
        let mut ids = Vec::new();
        for save in saves {
            let saved: std::result::Result<SyncId, StoreError> = match save {
                Save::New(state) => store::insert(&tx, &state).await.map(|()| state.id),
                Save::Changed(mut state) => {
                    state.meta.touch(ctx, self.store.clock().now());
                    store::update(&tx, &mut state).await.map(|()| state.id)
                }
            };
            ids.push(saved?);
        }
        tx.commit([]).await?;
        Ok(ids)
    }

    /// Synchronises at once what was noted; what does not succeed is recorded and tried again by
    /// the recovery loop, so that the event itself is done.
    async fn drive_all(&self, ctx: &Ctx, ids: Vec<SyncId>) {
        for id in ids {
            if let Err(error) = self.drive(ctx, id).await {
                tracing::warn!(id = %id, error = %error, "a synchronisation did not start");
            }
        }
    }
}

fn promoted_of(event: &DeploymentPromoted, item: &PromotedItem, fingerprint: String) -> Promoted {
    Promoted {
        promotion_id: event.promotion_id,
        release_id: event.release_id,
        version: event.version.clone(),
        commit_sha: event.commit_sha.clone(),
        manifest_digest: item.manifest_digest.clone(),
        fingerprint,
    }
}

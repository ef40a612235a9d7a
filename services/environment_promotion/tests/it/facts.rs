//! What the other services would answer.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use futures::future::BoxFuture;
use sluice_kernel::{
    BoxFault, Ctx, Denied,
    directory::{
        InfrastructureDirectory, InfrastructureView, ManifestDirectory, ManifestView,
        ReleaseDirectory, ReleaseView, SyncDirectory, SyncView,
    },
};
use sluice_schema::{EnvironmentId, ErrorCode, Fault, ReleaseId, Scope};

/// A service that does not answer.
#[derive(Debug, thiserror::Error)]
#[error("away")]
pub(crate) struct Away;

impl Fault for Away {
    fn code(&self) -> ErrorCode {
        ErrorCode::Unavailable
    }
}

#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) releases: Mutex<HashMap<ReleaseId, ReleaseView>>,
    pub(crate) manifests: Mutex<Vec<ManifestView>>,
    pub(crate) infrastructure: Mutex<Vec<InfrastructureView>>,
    /// How often provisioning fails for the moment.
    pub(crate) away: AtomicUsize,
    pub(crate) provisioned: AtomicUsize,
    /// What happens while the gates are looked at, once.
    pub(crate) meanwhile: Mutex<Option<BoxFuture<'static, ()>>>,
    pub(crate) syncs: Mutex<Vec<SyncView>>,
}

#[async_trait]
impl ReleaseDirectory for Facts {
    async fn release(&self, ctx: &Ctx, id: ReleaseId) -> Result<Option<ReleaseView>, BoxFault> {
        let found = self.releases.lock().unwrap().get(&id).cloned();
        let mine = |it: &ReleaseView| ctx.tenant().as_str() == "acme" && ctx.sees(&it.project_id);
        Ok(found.filter(mine))
    }
}

#[async_trait]
impl ManifestDirectory for Facts {
    async fn manifests(
        &self,
        _: &Ctx,
        release: ReleaseId,
        environment: EnvironmentId,
    ) -> Result<Vec<ManifestView>, BoxFault> {
        let all = self.manifests.lock().unwrap();
        let mine =
            |it: &&ManifestView| it.release_id == release && it.environment_id == environment;
        Ok(all.iter().filter(mine).cloned().collect())
    }
}

#[async_trait]
impl InfrastructureDirectory for Facts {
    async fn infrastructure(
        &self,
        _: &Ctx,
        _: ReleaseId,
        _: EnvironmentId,
    ) -> Result<Vec<InfrastructureView>, BoxFault> {
        let meanwhile = self.meanwhile.lock().unwrap().take();
        if let Some(meanwhile) = meanwhile {
            meanwhile.await;
        }
        Ok(self.infrastructure.lock().unwrap().clone())
    }

    async fn provision(
        &self,
        ctx: &Ctx,
        _: ReleaseId,
        _: EnvironmentId,
    ) -> Result<Vec<InfrastructureView>, BoxFault> {
        // Who promotes need not be allowed to provision.
        ctx.require(Scope::InfrastructureProvision)
            .map_err(|denied: Denied| BoxFault::from(denied))?;
        let away = |left: usize| left.checked_sub(1);
        if self
            .away
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, away)
            .is_ok()
        {
            return Err(Away.into());
        }
        self.provisioned.fetch_add(1, Ordering::SeqCst);
        Ok(self.infrastructure.lock().unwrap().clone())
    }
}

#[async_trait]
impl SyncDirectory for Facts {
    async fn syncs(&self, _: &Ctx, environment: EnvironmentId) -> Result<Vec<SyncView>, BoxFault> {
        let all = self.syncs.lock().unwrap();
        let mine = |it: &&SyncView| it.environment_id == environment;
        Ok(all.iter().filter(mine).cloned().collect())
    }
}

//! What the service does without a caller: it reacts to promotions and provisioned
//! infrastructure, retries, takes over what a dead process left, and looks at every target.

use std::sync::Mutex;
use std::time::Instant;

use async_trait::async_trait;
use sluice_kernel::{BoxFault, Ctx, Reaction, ReactionError, Reconciler};
use sluice_schema::{
    Envelope, EventPayload,
    events::{DeploymentPromoted, InfrastructureProvisioned},
};

use crate::{GitOpsSyncState, GitOpsSyncs, SERVICE, store};

const BATCH: u64 = 100;

/// Synchronises what a promotion declared, or what infrastructure was provisioned for.
pub struct Reactions(pub GitOpsSyncs);

#[async_trait]
impl Reaction for Reactions {
    fn consumer(&self) -> &'static str {
        SERVICE
    }

    fn event_types(&self) -> &'static [&'static str] {
        &[DeploymentPromoted::TYPE, InfrastructureProvisioned::TYPE]
    }

    async fn handle(&self, ctx: &Ctx, event: &Envelope) -> Result<(), ReactionError> {
        let failed = |error| ReactionError::from(BoxFault::from(error));
        if let Some(promoted) = event.decode::<DeploymentPromoted>()? {
            let done = self.0.on_promoted(ctx, event, &promoted).await;
            done.map_err(failed)?;
        }
        if let Some(provisioned) = event.decode::<InfrastructureProvisioned>()? {
            let done = self.0.on_provisioned(ctx, event, &provisioned).await;
            done.map_err(failed)?;
        }
        Ok(())
    }
}

/// The timer: what is due at each turn, and every target once in an interval.
pub struct Recovery {
    service: GitOpsSyncs,
    looked: Mutex<Option<Instant>>,
}

impl Recovery {
    /// The timer of `service`.
    pub fn new(service: GitOpsSyncs) -> Self {
        Self {
            service,
            looked: Mutex::new(None),
        }
    }

    /// Whether it is time to look at every target; then the next time is an interval away.
    fn is_time(&self) -> bool {
        let interval = self.service.settings().check_interval;
        let mut looked = self
            .looked
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let is_time = looked.is_none_or(|at| at.elapsed() >= interval);
        if is_time {
            *looked = Some(Instant::now());
        }
        is_time
    }

    async fn drive(&self, states: &[GitOpsSyncState]) -> usize {
        let mut count = 0;
        for state in states {
            let ctx = state.meta.system_ctx(SERVICE);
            match self.service.drive(&ctx, state.id).await {
                Ok(did) => count += usize::from(did),
                // One target that fails keeps no other from being looked at.
                Err(error) => {
                    tracing::warn!(id = %state.id, error = %error, "a target was not looked at");
                }
            }
        }
        count
    }
}

#[async_trait]
impl Reconciler for Recovery {
    fn name(&self) -> &'static str {
        "gitops_sync.targets"
    }

    // It looks only at targets that are due.
    fn period(&self) -> std::time::Duration {
        std::time::Duration::from_secs(1)
    }

    async fn reconcile(&self) -> Result<usize, BoxFault> {
        let store = self.service.store();
        let due = store::due(store, store.clock().now(), BATCH).await?;
        let mut count = self.drive(&due).await;
        if !self.is_time() {
            return Ok(count);
        }
        let mut after = None;
        loop {
            let states = store::all_after(store, after, BATCH).await?;
            count += self.drive(&states).await;
            match states.last() {
                Some(last) => after = Some(last.id),
                None => return Ok(count),
            }
        }
    }
}

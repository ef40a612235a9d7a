//! What the service does without a caller: it renders what was approved, and it finishes what a crash left half
//! done.

use std::time::Duration;

use async_trait::async_trait;
use sluice_kernel::{BoxFault, Ctx, Reaction, ReactionError, Reconciler};
use sluice_schema::{Envelope, EventPayload, events::ReleaseApproved};

use crate::{DeploymentManifests, service::CONSUMER, store};

const BATCH: u64 = 50;

/// A release was approved: its manifests are rendered, when the project lets that run by itself.
pub struct OnReleaseApproved(pub DeploymentManifests);

#[async_trait]
impl Reaction for OnReleaseApproved {
    fn consumer(&self) -> &'static str {
        CONSUMER
    }

    fn event_types(&self) -> &'static [&'static str] {
        &[ReleaseApproved::TYPE]
    }

    async fn handle(&self, ctx: &Ctx, event: &Envelope) -> Result<(), ReactionError> {
        let Some(approved) = event.decode::<ReleaseApproved>()? else {
            return Ok(());
        };
        let followed = self.0.follow_approval(ctx, event.event_id, &approved).await;
        followed.map_err(|error| BoxFault::from(error).into())
    }
}

/// Finishes manifests that may not stand in their GitOps repository yet.
pub struct Recovery(pub DeploymentManifests);

#[async_trait]
impl Reconciler for Recovery {
    fn name(&self) -> &'static str {
        "deployment_manifest.rendering"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(10)
    }

    async fn reconcile(&self) -> Result<usize, BoxFault> {
        let service = &self.0;
        let mut finished = 0;
        for manifest in store::unfinished(service.store(), BATCH).await? {
            let ctx = manifest.meta.system_ctx(CONSUMER);
            let id = manifest.id;
            match service.finish(&ctx, manifest).await {
                Ok(_) => finished += 1,
                // One that fails must not keep the others waiting.
                Err(error) => tracing::warn!(%error, manifest = %id, "a manifest stays unfinished"),
            }
        }
        Ok(finished)
    }
}

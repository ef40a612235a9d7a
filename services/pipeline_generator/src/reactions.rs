//! What the service does without a caller: it follows merges, and it finishes what a crash left
//! half done.

use async_trait::async_trait;
use sluice_kernel::{BoxFault, Ctx, Reaction, ReactionError, Reconciler};
use sluice_schema::{Envelope, EventPayload, events::PullRequestMerged};

use crate::{Pipelines, store::generations};

pub(crate) const CONSUMER: &str = "pipeline_generator";
const BATCH: u64 = 100;

/// Generates the pipelines of merge commits.
pub struct Reactions(pub Pipelines);

#[async_trait]
impl Reaction for Reactions {
    fn consumer(&self) -> &'static str {
        CONSUMER
    }

    fn event_types(&self) -> &'static [&'static str] {
        &[PullRequestMerged::TYPE]
    }

    async fn handle(&self, ctx: &Ctx, event: &Envelope) -> Result<(), ReactionError> {
        let Some(merged) = event.decode::<PullRequestMerged>()? else {
            return Ok(());
        };
        let handled = self.0.follow_merge(ctx, event.event_id, merged).await;
        handled.map_err(|error| BoxFault::from(error).into())
    }
}

/// Finishes generations whose YAML may not be in the repository yet.
pub struct Recovery(pub Pipelines);

#[async_trait]
impl Reconciler for Recovery {
    fn name(&self) -> &'static str {
        "pipeline_generator.generations"
    }

    async fn reconcile(&self) -> Result<usize, BoxFault> {
        let pending = generations::pending(self.0.store(), BATCH).await?;
        let mut finished = 0;
        for generation in pending {
            let ctx = generation.meta.system_ctx(CONSUMER);
            let key = generation.key.clone();
            match self.0.finish(&ctx, generation, None).await {
                Ok(_) => finished += 1,
                // One that fails must not keep the others waiting.
                Err(error) => tracing::warn!(%error, commit = %key, "a pipeline stays unwritten"),
            }
        }
        Ok(finished)
    }
}

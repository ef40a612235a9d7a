//! What the service does without a caller: it records what merges write, and it finishes what a
//! crash left half done.

use async_trait::async_trait;
use sluice_kernel::{BoxFault, Ctx, Reaction, ReactionError, Reconciler};
use sluice_schema::{Envelope, ErrorClass, EventPayload, Fault, events::PullRequestMerged};

use crate::{CommitStatus, Commits, service::Work, store};

pub(crate) const CONSUMER: &str = "commit";
const BATCH: u64 = 100;

/// Records the commits that merges write.
pub struct Reactions(pub Commits);

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
        let recorded = self.0.record_merge(ctx, event, &merged).await;
        recorded.map_err(|error| BoxFault::from(error).into())
    }
}

/// Finishes commits that were announced and that their branch does not have.
pub struct Recovery(pub Commits);

#[async_trait]
impl Reconciler for Recovery {
    fn name(&self) -> &'static str {
        "commit.pending"
    }

    async fn reconcile(&self) -> Result<usize, BoxFault> {
        let pending = store::pending(self.0.store(), BATCH).await?;
        let mut finished = 0;
        for commit in pending {
            let ctx = commit.meta.system_ctx(CONSUMER);
            let id = commit.id;
            match self.0.finish(&ctx, commit, Work::Recovery).await {
                Ok(commit) if commit.status == CommitStatus::Pending => {}
                Ok(_) => finished += 1,
                Err(error) if error.code().class() == ErrorClass::System => {
                    // One that fails must not keep the others waiting.
                    tracing::warn!(%error, commit = %id, "a commit stays pending");
                }
                // Given up, with the reason in its record.
                Err(_) => finished += 1,
            }
        }
        Ok(finished)
    }
}

//! Handlers of other services' events, and recovery.

use async_trait::async_trait;
use chrono::Duration;
use sluice_kernel::{BoxFault, Ctx, Reaction, ReactionError, Reconciler};
use sluice_schema::{Envelope, EventPayload, events::ReleaseApproved};

use crate::{InfrastructurePlan, InfrastructureStatus, Infrastructures, service::CONSUMER, store};

const BATCH: u64 = 20;

/// A plan that nobody touched for so long has nobody at work on it, or somebody who holds its lock.
const LEFT_ALONE: Duration = Duration::seconds(30);

/// A release was approved: what it declares is planned for every environment.
pub struct OnReleaseApproved(pub Infrastructures);

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
        let planned = self
            .0
            .plan_release(ctx, event.event_id, &event.project_id, &approved)
            .await;
        planned.map_err(|fault| BoxFault::from(fault).into())
    }
}

/// Finishes plans that were announced or begun and left alone. What an earlier process left is
/// taken up at once.
pub struct Recovery(pub Infrastructures);

impl Recovery {
    async fn finish(&self, ctx: &Ctx, plan: InfrastructurePlan) -> Result<(), BoxFault> {
        match plan.status {
            InfrastructureStatus::Planning => {
                self.0.finish_planning(ctx, plan, None).await?;
            }
            _ => {
                self.0.finish_applying(ctx, plan).await?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Reconciler for Recovery {
    fn name(&self) -> &'static str {
        "iac_provisioning.unfinished"
    }

    fn period(&self) -> std::time::Duration {
        std::time::Duration::from_secs(5)
    }

    async fn reconcile(&self) -> Result<usize, BoxFault> {
        let mut since = self.0.store().clock().now();
        if !self.0.is_first_look() {
            since -= LEFT_ALONE;
        }
        let mut finished = 0;
        for plan in store::unfinished(self.0.store(), since, BATCH).await? {
            let ctx = plan.meta.system_ctx(CONSUMER);
            let id = plan.id;
            match self.finish(&ctx, plan).await {
                Ok(()) => finished += 1,
                // One that cannot be finished now must not keep the others from it.
                Err(error) => {
                    tracing::warn!(infrastructure = %id, error = %error, "a plan is not finished");
                }
            }
            self.0.postpone(&ctx, id).await?;
        }
        Ok(finished)
    }
}

//! Handlers of other services' events, and recovery.

use async_trait::async_trait;
use chrono::Duration;
use sluice_kernel::{BoxFault, Ctx, Reaction, ReactionError, Reconciler, directory::BuildView};
use sluice_schema::{Envelope, EventPayload, events::BuildCompleted};

use crate::{PackagePublishing, service::CONSUMER, store};

const BATCH: u64 = 20;
/// A publication that nobody touched for so long has nobody at work on it.
const LEFT_ALONE: Duration = Duration::seconds(30);
const MAX_ATTEMPTS: u32 = 20;

/// A build completed: what it made is published, when the project lets that run by itself.
pub struct OnBuildCompleted(pub PackagePublishing);

#[async_trait]
impl Reaction for OnBuildCompleted {
    fn consumer(&self) -> &'static str {
        CONSUMER
    }

    fn event_types(&self) -> &'static [&'static str] {
        &[BuildCompleted::TYPE]
    }

    async fn handle(&self, ctx: &Ctx, event: &Envelope) -> Result<(), ReactionError> {
        let Some(build) = event.decode::<BuildCompleted>()? else {
            return Ok(());
        };
        let view = BuildView {
            project_id: event.project_id.clone(),
            module_id: event.module_id.clone(),
            build,
        };
        let published = self.0.publish_build(ctx, event.event_id, view).await;
        published.map_err(|fault| BoxFault::from(fault).into())
    }
}

/// Finishes publications that were announced and left alone.
pub struct Recovery(pub PackagePublishing);

#[async_trait]
impl Reconciler for Recovery {
    fn name(&self) -> &'static str {
        "package_publishing.pending"
    }

    async fn reconcile(&self) -> Result<usize, BoxFault> {
        let service = &self.0;
        let since = service.store().clock().now() - LEFT_ALONE;
        let mut finished = 0;
        for publication in store::unfinished(service.store(), since, BATCH).await? {
            let ctx = publication.meta.system_ctx(CONSUMER);
            match service.finish(&ctx, publication.clone(), None).await {
                Ok(_) => finished += 1,
                // One that cannot be finished now must not keep the others from it.
                Err(error) => {
                    tracing::warn!(package = %publication.id, error = %error, "a publication is not finished");
                    service.postpone(&ctx, publication, MAX_ATTEMPTS).await?;
                }
            }
        }
        Ok(finished)
    }
}

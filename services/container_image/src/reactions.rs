//! Handlers of other services' events, and the worker.

use async_trait::async_trait;
use sluice_kernel::{BoxFault, Ctx, Reaction, ReactionError, Reconciler, directory::BuildView};
use sluice_schema::{Envelope, EventPayload, events::BuildCompleted};
use tokio::task::JoinSet;

use crate::{ContainerImage, ContainerImageError, ContainerImages, SERVICE, store};

const BATCH: u64 = 20;

/// A build completed: its image is announced, when the project lets that run by itself. The
/// worker builds it, since that may take longer than a reaction may.
pub struct OnBuildCompleted(pub ContainerImages);

#[async_trait]
impl Reaction for OnBuildCompleted {
    fn consumer(&self) -> &'static str {
        SERVICE
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
        let announced = self.0.on_build(ctx, event.event_id, &view).await;
        announced.map_err(|fault| BoxFault::from(fault).into())
    }
}

/// Builds images that are due: announced by a reaction, left by a crash, or to be tried again.
pub struct Worker(pub ContainerImages);

#[async_trait]
impl Reconciler for Worker {
    fn name(&self) -> &'static str {
        "container_image.builds"
    }

    // People wait for the release that needs the image.
    fn period(&self) -> std::time::Duration {
        std::time::Duration::from_millis(500)
    }

    async fn reconcile(&self) -> Result<usize, BoxFault> {
        let service = &self.0;
        let now = service.store().clock().now();
        let due = store::due(service.store(), now, BATCH).await?;
        // How many are built at the same time is the service's own limit.
        let mut running = JoinSet::new();
        for image in due {
            running.spawn(take_up(service.clone(), image));
        }
        let mut finished = 0;
        while let Some(ended) = running.join_next().await {
            let settled = ended.map_err(|_| ContainerImageError::Interrupted)?;
            finished += usize::from(settled?);
        }
        Ok(finished)
    }
}

/// Finishes an image that nobody is at; whether it is settled now.
async fn take_up(
    service: ContainerImages,
    mut image: ContainerImage,
) -> Result<bool, ContainerImageError> {
    let Some(turn) = service.turns().try_take(image.id) else {
        return Ok(false);
    };
    let ctx = image
        .meta
        .system_ctx(SERVICE)
        .with_causation(image.caused_by);
    if !service.claim(&ctx, &mut image).await? {
        return Ok(false);
    }
    match service.finish(&ctx, &turn, None).await {
        Ok(_) => Ok(true),
        // One that cannot be finished now must not keep the others from it.
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(image = %image.id, error = %error, cause, "an image is not finished");
            service.postpone(&ctx, &turn).await?;
            Ok(false)
        }
    }
}

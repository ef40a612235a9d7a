//! Handlers of other services' events.

use async_trait::async_trait;
use sluice_kernel::{BoxFault, Ctx, Reaction, ReactionError};
use sluice_schema::{Envelope, EventPayload, events::PipelineRunCompleted};

use crate::BuildResults;

/// A run ended: its results become a build result.
pub struct OnRunCompleted(pub BuildResults);

#[async_trait]
impl Reaction for OnRunCompleted {
    fn consumer(&self) -> &'static str {
        "build_result"
    }

    fn event_types(&self) -> &'static [&'static str] {
        &[PipelineRunCompleted::TYPE]
    }

    async fn handle(&self, ctx: &Ctx, event: &Envelope) -> Result<(), ReactionError> {
        let Some(run) = event.decode::<PipelineRunCompleted>()? else {
            return Ok(());
        };
        let about = (event.event_id, &event.project_id, event.module_id.as_ref());
        self.0
            .ingest(ctx, about, &run)
            .await
            .map_err(|fault| BoxFault::from(fault).into())
    }
}

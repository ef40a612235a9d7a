//! Events as they come in and go out.

use std::time::Duration;

use sluice_kernel::Ctx;
use sluice_schema::{Envelope, EventId, EventPayload, ModuleId, NewEvent, ProjectId};
use sluice_store::Store;

/// An event of `ctx`'s tenant, actor, trace and correlation that happened now.
pub fn event<P: EventPayload>(
    ctx: &Ctx,
    project: &ProjectId,
    module: Option<&ModuleId>,
    payload: &P,
) -> Envelope {
    let event = NewEvent::of(project, module, payload).expect("a payload");
    Envelope {
        event_id: EventId::generate(),
        event_type: event.event_type.to_owned(),
        schema_version: event.schema_version,
        tenant_id: ctx.tenant().clone(),
        project_id: event.project_id,
        module_id: event.module_id,
        trace_id: ctx.trace_id().to_owned(),
        correlation_id: ctx.correlation_id().to_owned(),
        causation_id: None,
        sequence: None,
        occurred_at: chrono::Utc::now(),
        subject: event.subject,
        actor: ctx.actor().clone(),
        payload: event.payload,
    }
}

/// Takes the events that wait in the store's outbox, oldest first.
pub async fn drain(store: &Store) -> Vec<Envelope> {
    let outbox = store.outbox();
    let rows = outbox.claim(1_000, Duration::from_secs(60)).await;
    let rows = rows.expect("the outbox answers");
    outbox.complete(&rows).await.expect("the outbox answers");
    rows.into_iter().map(|row| row.envelope).collect()
}

/// The same, by their types alone.
pub async fn drained_types(store: &Store) -> Vec<String> {
    let events = drain(store).await;
    events.into_iter().map(|event| event.event_type).collect()
}

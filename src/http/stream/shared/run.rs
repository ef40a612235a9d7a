//! One execution that serves many subscribers.

use std::sync::{Arc, Weak};

use futures::{StreamExt, stream::BoxStream};
use sluice_kernel::{Ctx, Principal};
use sluice_resolvers::stream::{Delivered, Range};
use sluice_schema::{Actor, ActorKind};
use tokio::task::AbortHandle;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::ring::{Answer, Bounds, Ring};
use crate::http::graphql::{Engine, Prepared, Refused};

/// What a run executes, and for whom: for everybody with these permissions.
pub(super) struct Shared {
    pub(super) engine: Engine,
    pub(super) prepared: Prepared,
    pub(super) ctx: Ctx,
}

impl Shared {
    /// The operation in the name of all who have the permissions of `caller`: whoever of them
    /// came first may leave first.
    pub(super) fn new(engine: Engine, prepared: Prepared, caller: &Ctx) -> Self {
        let principal = Principal {
            actor: Actor {
                kind: ActorKind::System,
                id: "stream".to_owned(),
            },
            ..caller.principal().clone()
        };
        Self {
            engine,
            prepared,
            ctx: Ctx::for_request(principal, None),
        }
    }

    /// Executes a part of the stream.
    pub(super) async fn open(
        self: Arc<Self>,
        range: Range,
    ) -> Result<BoxStream<'static, Delivered>, Refused> {
        let ctx = self.ctx.clone();
        self.engine
            .subscribe(ctx, &self.prepared, Some(range))
            .await
    }

    pub(super) fn encode(&self, delivered: Delivered) -> Utf8Bytes {
        encode(&self.prepared, delivered, self.ctx.trace_id())
    }

    /// The answer that says why the stream does not go on.
    pub(super) fn refusal(&self, refused: &Refused) -> Utf8Bytes {
        refused.body(self.ctx.trace_id()).to_string().into()
    }
}

/// An answer as JSON.
pub(super) fn encode(prepared: &Prepared, delivered: Delivered, trace_id: &str) -> Utf8Bytes {
    let body = prepared.encode(delivered.response, trace_id);
    // JSON is UTF-8: never empty.
    Utf8Bytes::try_from(body).unwrap_or_default()
}

/// An execution at work; it ends with its last subscriber.
pub(super) struct Run {
    pub(super) ring: Arc<Ring>,
    task: AbortHandle,
}

impl Run {
    /// Begins the execution after `begin`; returns when its source is open.
    pub(super) async fn start(
        shared: Arc<Shared>,
        begin: u64,
        bounds: Bounds,
    ) -> Result<Self, Refused> {
        let range = Range {
            after: begin,
            until: None,
        };
        let answers = shared.clone().open(range).await?;
        metrics::counter!("sluice_stream_executions_total", "kind" => "shared").increment(1);
        let ring = Arc::new(Ring::new(begin, bounds));
        let work = fill(shared, answers, begin, Ending(Arc::downgrade(&ring)));
        let task = tokio::spawn(work).abort_handle();
        metrics::gauge!("sluice_stream_shared_runs").increment(1.0);
        Ok(Self { ring, task })
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.task.abort();
        metrics::gauge!("sluice_stream_shared_runs").decrement(1.0);
    }
}

async fn fill(
    shared: Arc<Shared>,
    mut answers: BoxStream<'static, Delivered>,
    begin: u64,
    ending: Ending,
) {
    let mut got_to = begin;
    while let Some(delivered) = answers.next().await {
        let Some(ring) = ending.0.upgrade() else {
            return;
        };
        let position = delivered.position;
        if delivered.gap {
            // Others have other holes, or none: each reads for itself.
            got_to = position;
            ring.skip_to(position);
            continue;
        }
        let payload = shared.encode(delivered);
        // The source failed: its last answer says so and is at no place of its own.
        if position <= got_to {
            return ring.end(Some(payload));
        }
        got_to = position;
        ring.push(Answer { position, payload });
    }
}

/// Ends the ring also when the execution panicked: nobody waits for what cannot come.
struct Ending(Weak<Ring>);

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(ring) = self.0.upgrade() {
            ring.end(None);
        }
    }
}

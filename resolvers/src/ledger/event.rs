//! An event as it stands in the ledger.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sluice_ledger as service;

use super::Sequence;
use crate::{
    fault::Result,
    loaders::Call,
    node::{Node, find},
    server::Actor,
    stream::cursor,
};

/// An event in the ledger.
#[derive(Debug, Clone)]
pub struct LedgerEvent(pub(crate) Arc<service::LedgerEvent>);

impl From<Arc<service::LedgerEvent>> for LedgerEvent {
    fn from(event: Arc<service::LedgerEvent>) -> Self {
        Self(event)
    }
}

/// An event in the ledger.
#[Object]
impl LedgerEvent {
    /// Its place in the ledger.
    async fn sequence(&self) -> Sequence {
        Sequence(self.0.sequence)
    }
    /// Opaque; its place in the ledger, the same in every list: as `after` of an ascending list it
    /// leads to what happened next.
    async fn cursor(&self) -> String {
        cursor(self.0.sequence, self.0.envelope.event_id.to_string())
    }
    /// Its id, the same wherever it is delivered: `evt-<uuid>`.
    async fn event_id(&self) -> ID {
        self.0.envelope.event_id.to_string().into()
    }
    /// What happened, for example `BuildCompleted`.
    async fn event_type(&self) -> &str {
        &self.0.envelope.event_type
    }
    /// Version of the payload's schema.
    async fn schema_version(&self) -> u16 {
        self.0.envelope.schema_version
    }
    /// The project that owns the subject.
    async fn project_id(&self) -> ID {
        self.0.envelope.project_id.as_str().into()
    }
    /// The module that the subject belongs to, when known.
    async fn module_id(&self) -> Option<ID> {
        let module = self.0.envelope.module_id.as_ref();
        module.map(|id| id.as_str().into())
    }
    /// Trace of the request that led to it.
    async fn trace_id(&self) -> &str {
        &self.0.envelope.trace_id
    }
    /// One workflow: the same for everything that follows from one command.
    async fn correlation_id(&self) -> &str {
        &self.0.envelope.correlation_id
    }
    /// Id of the event that directly caused it; null when a command did.
    async fn causation_id(&self) -> Option<ID> {
        let cause = self.0.envelope.causation_id;
        cause.map(|id| id.to_string().into())
    }
    /// When it happened.
    async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.envelope.occurred_at
    }
    /// What it is about.
    async fn subject(&self) -> EventSubject {
        EventSubject(self.0.clone())
    }
    /// Who acted.
    async fn actor(&self) -> Actor {
        let actor = &self.0.envelope.actor;
        Actor {
            kind: actor.kind.into(),
            id: actor.id.clone(),
        }
    }
    /// What is told of it, as the JSON Schema of its type says.
    async fn payload(&self) -> &Value {
        &self.0.envelope.payload
    }
    /// SHA-256 over the hash of the event before it and all fields of it, 64 hex digits.
    async fn hash(&self) -> &str {
        &self.0.hash
    }
}

/// What an event is about.
#[derive(Debug, Clone)]
pub struct EventSubject(Arc<service::LedgerEvent>);

/// What an event is about.
#[Object]
impl EventSubject {
    /// Its type, for example `ReleasePlan`.
    async fn kind(&self) -> &str {
        &self.0.envelope.subject.kind
    }
    /// Its id.
    async fn id(&self) -> ID {
        self.0.envelope.subject.id.as_str().into()
    }
    /// The object as it is now; null when it is gone, is no object with a global id, or is none
    /// that the caller may see.
    async fn node(&self, context: &Context<'_>) -> Result<Option<Node>> {
        find(Call::of(context)?, &self.0.envelope.subject.id).await
    }
}

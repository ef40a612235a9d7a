//! The canonical event envelope.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{EventId, ModuleId, ProjectId, TenantId};

/// What kind of caller acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ActorKind {
    /// A person.
    User,
    /// A program with a token of its own.
    Service,
    /// Sluice itself, reacting to an event or recovering.
    System,
}

/// Who acted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    /// What kind of caller it is.
    pub kind: ActorKind,
    /// The token's subject, or the name of the reacting service.
    pub id: String,
}

/// The aggregate that an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// The aggregate's type, for example `Repository`.
    pub kind: String,
    /// The aggregate's id.
    pub id: String,
}

/// A payload with a name in the contract.
pub trait EventPayload: Serialize + DeserializeOwned + JsonSchema {
    /// NounVerbPastTense; a breaking change appends `V2`.
    const TYPE: &'static str;
    /// The aggregate type of the subject.
    const SUBJECT: &'static str;
    /// Raised by compatible additions.
    const VERSION: u16 = 1;
    /// The id of the subject.
    fn subject_id(&self) -> String;
}

/// One event as it travels: at least once, deduplicated on `eventId`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Idempotency anchor.
    pub event_id: EventId,
    /// NounVerbPastTense.
    pub event_type: String,
    /// Version of the payload's schema.
    pub schema_version: u16,
    /// The tenant that owns the subject.
    pub tenant_id: TenantId,
    /// The project that owns the subject.
    pub project_id: ProjectId,
    /// The module that the subject belongs to, when known.
    pub module_id: Option<ModuleId>,
    /// Minted once for the request that began the work; the same to its end.
    pub trace_id: String,
    /// One workflow: the same for everything that follows from one command.
    pub correlation_id: String,
    /// The event that directly caused this one; absent when a command did.
    pub causation_id: Option<EventId>,
    /// The tenant's ledger sequence; assigned by the ledger, absent before.
    pub sequence: Option<u64>,
    /// When it happened, UTC, microseconds.
    pub occurred_at: DateTime<Utc>,
    /// What it is about.
    pub subject: Subject,
    /// Who acted.
    pub actor: Actor,
    /// The payload, as its type's JSON Schema says.
    pub payload: serde_json::Value,
}

impl Envelope {
    /// The payload as `P`; `None` when the event is of another type.
    ///
    /// # Errors
    /// When the payload does not have the shape of `P`.
    pub fn decode<P: EventPayload>(&self) -> Result<Option<P>, serde_json::Error> {
        if self.event_type != P::TYPE {
            return Ok(None);
        }
        P::deserialize(&self.payload).map(Some)
    }
}

/// An event that a service hands to the transaction; the transaction adds identity, tracing
/// and time from its context.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// NounVerbPastTense.
    pub event_type: &'static str,
    /// Version of the payload's schema.
    pub schema_version: u16,
    /// What it is about.
    pub subject: Subject,
    /// The project that owns the subject.
    pub project_id: ProjectId,
    /// The module that the subject belongs to, when known.
    pub module_id: Option<ModuleId>,
    /// The payload as JSON.
    pub payload: serde_json::Value,
}

impl NewEvent {
    /// Wraps a payload.
    ///
    /// # Errors
    /// When the payload cannot be written as JSON (a map with keys that are not strings).
    pub fn of<P: EventPayload>(
        project_id: &ProjectId,
        module_id: Option<&ModuleId>,
        payload: &P,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            event_type: P::TYPE,
            schema_version: P::VERSION,
            subject: Subject {
                kind: P::SUBJECT.to_owned(),
                id: payload.subject_id(),
            },
            project_id: project_id.clone(),
            module_id: module_id.cloned(),
            payload: serde_json::to_value(payload)?,
        })
    }
}

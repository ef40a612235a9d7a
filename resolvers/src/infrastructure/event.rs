//! What happened while a plan was carried out.

use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, Utc};
use sluice_infrastructure_engine::{self as engine, EventBody};

use crate::scalars::Long;

/// What happened.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum InfrastructureEventKind {
    /// The work began.
    Started,
    /// A step began.
    StepStarted,
    /// A step is done.
    StepDone,
    /// A step failed.
    StepFailed,
    /// Something that people should know.
    Message,
    /// The work ended.
    Ended,
}

/// Something that happened while a plan was carried out.
#[derive(SimpleObject, Debug, Clone)]
pub struct InfrastructureEvent {
    /// Grows with every event.
    pub sequence: Long,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// What.
    pub kind: InfrastructureEventKind,
    /// The resource that it is about.
    pub urn: Option<String>,
    /// The step, such as `create` or `delete-replaced`.
    pub op: Option<String>,
    /// In words; secrets are masked.
    pub message: Option<String>,
}

impl From<engine::EngineEvent> for InfrastructureEvent {
    fn from(event: engine::EngineEvent) -> Self {
        let step = |kind, it: engine::StepMetadata| (kind, Some(it.urn), Some(it.op), None);
        let (kind, urn, op, message) = match event.body {
            EventBody::PreludeEvent(_) => (InfrastructureEventKind::Started, None, None, None),
            EventBody::ResourcePreEvent(it) => {
                step(InfrastructureEventKind::StepStarted, it.metadata)
            }
            EventBody::ResOutputsEvent(it) => step(InfrastructureEventKind::StepDone, it.metadata),
            EventBody::ResOpFailedEvent(it) => {
                step(InfrastructureEventKind::StepFailed, it.metadata)
            }
            EventBody::DiagnosticEvent(it) => {
                let kind = InfrastructureEventKind::Message;
                (kind, it.urn, None, Some(it.message))
            }
            EventBody::SummaryEvent(_) => (InfrastructureEventKind::Ended, None, None, None),
        };
        Self {
            sequence: Long(event.sequence),
            at: DateTime::from_timestamp(event.timestamp, 0),
            kind,
            urn,
            op,
            message,
        }
    }
}

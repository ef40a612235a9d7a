//! Makes objects and events of one project or module.

use chrono::{DateTime, Utc};
use sluice_kernel::Meta;
use sluice_schema::{
    Actor, ActorKind, Envelope, EventId, EventPayload, ModuleId, ProjectId, Subject, TenantId,
};

use crate::{random::Random, rows::Rows};

pub(crate) type Made<T> = Result<T, serde_json::Error>;

/// One workflow: what follows from one command.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    trace: String,
    correlation: String,
    cause: Option<EventId>,
}

/// Makes what belongs to one project, or to one module of it.
pub(crate) struct Maker {
    pub(crate) random: Random,
    pub(crate) tenant: TenantId,
    pub(crate) project: ProjectId,
    pub(crate) module: Option<ModuleId>,
    /// Nothing happens later.
    pub(crate) until: DateTime<Utc>,
    pub(crate) rows: Rows,
    pub(crate) events: Vec<Envelope>,
}

impl Maker {
    pub(crate) fn story(&mut self) -> Story {
        let trace = self.random.trace();
        Story {
            correlation: trace.clone(),
            trace,
            cause: None,
        }
    }

    /// Of an object that `by` made.
    pub(crate) fn meta(&self, story: &Story, at: DateTime<Utc>, by: &Actor) -> Meta {
        Meta {
            tenant_id: self.tenant.clone(),
            project_id: self.project.clone(),
            module_id: self.module.clone(),
            version: 1,
            created_at: at,
            updated_at: at,
            created_by: by.id.clone(),
            updated_by: by.id.clone(),
            trace_id: story.trace.clone(),
            correlation_id: story.correlation.clone(),
        }
    }

    /// Tells an event, which causes the next one of the story.
    pub(crate) fn tell<P: EventPayload>(
        &mut self,
        story: &mut Story,
        at: DateTime<Utc>,
        actor: &Actor,
        payload: &P,
    ) -> Made<EventId> {
        let event_id = self.random.event_id(at);
        self.events.push(Envelope {
            event_id,
            event_type: P::TYPE.to_owned(),
            schema_version: P::VERSION,
            tenant_id: self.tenant.clone(),
            project_id: self.project.clone(),
            module_id: self.module.clone(),
            trace_id: story.trace.clone(),
            correlation_id: story.correlation.clone(),
            causation_id: story.cause,
            sequence: None,
            occurred_at: at,
            subject: Subject {
                kind: P::SUBJECT.to_owned(),
                id: payload.subject_id(),
            },
            actor: actor.clone(),
            payload: serde_json::to_value(payload)?,
        });
        story.cause = Some(event_id);
        Ok(event_id)
    }
}

/// A change of an object by `by`.
pub(crate) fn touch(meta: &mut Meta, at: DateTime<Utc>, by: &Actor) {
    meta.version += 1;
    meta.updated_at = at;
    meta.updated_by.clone_from(&by.id);
}

/// A person.
pub(crate) fn user(name: &str) -> Actor {
    Actor {
        kind: ActorKind::User,
        id: name.to_owned(),
    }
}

/// A service that reacts.
pub(crate) fn system(service: &str) -> Actor {
    Actor {
        kind: ActorKind::System,
        id: service.to_owned(),
    }
}

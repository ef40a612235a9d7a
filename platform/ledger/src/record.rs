//! An event as the ledger stores and hashes it.

use sea_orm::QueryResult;
use sha2::{Digest, Sha256};
use sluice_kernel::{micros, time_of_micros};
use sluice_schema::{Actor, ActorKind, Envelope, Subject, TenantId};
use sluice_store::StoreError;

use crate::{
    LedgerError, LedgerEvent,
    patch::{Field, tables},
    rows,
};

tables! {
    /// The ledger itself; its rows are never patched.
    EVENT = "ledger_event" {
        key sequence: Int; first event_id: Text; first event_type: Text;
        first schema_version: Int; first project_id: Text; first module_id: Text;
        first subject_kind: Text; first subject_id: Text; first actor_kind: Text;
        first actor_id: Text; first trace_id: Text; first correlation_id: Text;
        first causation_id: Text; first occurred_at: Int; first payload: Text;
        first hash: Text;
    }
}

/// The columns of a row, for its queries.
pub(crate) const COLUMNS: &str = "sequence, event_id, event_type, schema_version, project_id, \
    module_id, subject_kind, subject_id, actor_kind, actor_id, trace_id, correlation_id, \
    causation_id, occurred_at, payload, hash";

/// A row of `ledger_event`.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) sequence: i64,
    pub(crate) hash: String,
    payload: String,
    envelope: Envelope,
}

fn damaged(detail: impl std::fmt::Display) -> LedgerError {
    StoreError::damaged("LedgerEvent", detail).into()
}

// No database takes a NUL in every text; what is stored is what is hashed.
fn storable(text: &mut String) {
    if text.contains('\0') {
        *text = text.replace('\0', "\u{fffd}");
    }
}

fn kind_text(kind: ActorKind) -> &'static str {
    match kind {
        ActorKind::User => "USER",
        ActorKind::Service => "SERVICE",
        ActorKind::System => "SYSTEM",
    }
}

fn kind_of(text: &str) -> Result<ActorKind, LedgerError> {
    match text {
        "USER" => Ok(ActorKind::User),
        "SERVICE" => Ok(ActorKind::Service),
        "SYSTEM" => Ok(ActorKind::System),
        other => Err(damaged(format!("unknown kind of actor '{other}'"))),
    }
}

/// SHA-256 over the hash before it and every column but the hash itself, in the order of [`EVENT`],
/// each with its length before it, so that nothing can move from one column to the next.
pub(crate) fn hash_of(
    previous: &str,
    tenant: &TenantId,
    fields: impl Iterator<Item = Option<Field>>,
) -> String {
    let mut hasher = Sha256::new();
    let mut take = |text: Option<&str>| match text {
        Some(text) => {
            hasher.update([1]);
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text);
        }
        None => hasher.update([0]),
    };
    take(Some(previous));
    take(Some(tenant.as_str()));
    for field in fields {
        match field {
            Some(Field::Text(text)) => take(Some(&text)),
            Some(Field::Int(number)) => take(Some(&number.to_string())),
            None => take(None),
        }
    }
    hex::encode(hasher.finalize())
}

impl Record {
    /// The event as it will be stored, without a place yet.
    pub(crate) fn of(event: &Envelope) -> Result<Self, LedgerError> {
        let mut envelope = event.clone();
        envelope.occurred_at = time_of_micros(micros(event.occurred_at));
        for text in [
            &mut envelope.event_type,
            &mut envelope.trace_id,
            &mut envelope.correlation_id,
            &mut envelope.subject.kind,
            &mut envelope.subject.id,
            &mut envelope.actor.id,
        ] {
            storable(text);
        }
        Ok(Self {
            sequence: 0,
            hash: String::new(),
            payload: serde_json::to_string(&envelope.payload)?,
            envelope,
        })
    }

    /// Gives it its place after the event whose hash is `previous`.
    pub(crate) fn place(&mut self, sequence: i64, previous: &str) {
        self.sequence = sequence;
        self.envelope.sequence = Some(sequence.unsigned_abs());
        self.hash = self.hash_after(previous);
    }

    /// The event, its sequence set.
    pub(crate) fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// About how many bytes it is as JSON.
    pub(crate) fn size(&self) -> usize {
        // The payload beside the other fields, which are bounded.
        self.payload.len() + 512
    }

    /// As it is shown.
    pub(crate) fn shown(self) -> LedgerEvent {
        LedgerEvent {
            sequence: self.sequence.unsigned_abs(),
            envelope: self.envelope,
            hash: self.hash,
        }
    }

    fn hash_after(&self, previous: &str) -> String {
        let fields = self.fields().into_iter().map(|(_, field)| field);
        hash_of(previous, &self.envelope.tenant_id, fields)
    }

    // Every column but the hash, in the order of the declaration.
    fn fields(&self) -> [(&'static str, Option<Field>); 15] {
        let event = &self.envelope;
        let text = |text: &str| Some(Field::Text(text.to_owned()));
        let module = event.module_id.as_ref().map(|id| id.as_str().to_owned());
        let causation = event.causation_id.map(|id| id.to_string());
        [
            ("sequence", Some(self.sequence.into())),
            ("event_id", text(&event.event_id.to_string())),
            ("event_type", text(&event.event_type)),
            (
                "schema_version",
                Some(i64::from(event.schema_version).into()),
            ),
            ("project_id", text(event.project_id.as_str())),
            ("module_id", module.map(Field::Text)),
            ("subject_kind", text(&event.subject.kind)),
            ("subject_id", text(&event.subject.id)),
            ("actor_kind", text(kind_text(event.actor.kind))),
            ("actor_id", text(&event.actor.id)),
            ("trace_id", text(&event.trace_id)),
            ("correlation_id", text(&event.correlation_id)),
            ("causation_id", causation.map(Field::Text)),
            ("occurred_at", Some(micros(event.occurred_at).into())),
            ("payload", text(&self.payload)),
        ]
    }

    /// Every column and its value.
    pub(crate) fn row(&self) -> impl Iterator<Item = (&'static str, Option<Field>)> {
        let hash = Some(Field::Text(self.hash.clone()));
        self.fields().into_iter().chain([("hash", hash)])
    }

    /// Reads a row of [`COLUMNS`].
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when a column does not hold what was written.
    pub(crate) fn read(tenant: &TenantId, row: &QueryResult) -> Result<Self, LedgerError> {
        let payload = rows::text(row, "payload")?;
        let sequence = rows::int(row, "sequence")?;
        let module = rows::text_opt(row, "module_id")?;
        let causation = rows::text_opt(row, "causation_id")?;
        let version = rows::int(row, "schema_version")?;
        let envelope = Envelope {
            event_id: rows::text(row, "event_id")?.parse().map_err(damaged)?,
            event_type: rows::text(row, "event_type")?,
            schema_version: u16::try_from(version).map_err(damaged)?,
            tenant_id: tenant.clone(),
            project_id: rows::text(row, "project_id")?.parse().map_err(damaged)?,
            module_id: module.map(|id| id.parse()).transpose().map_err(damaged)?,
            trace_id: rows::text(row, "trace_id")?,
            correlation_id: rows::text(row, "correlation_id")?,
            causation_id: causation
                .map(|id| id.parse())
                .transpose()
                .map_err(damaged)?,
            sequence: Some(sequence.unsigned_abs()),
            occurred_at: rows::time(row, "occurred_at")?,
            subject: Subject {
                kind: rows::text(row, "subject_kind")?,
                id: rows::text(row, "subject_id")?,
            },
            actor: Actor {
                kind: kind_of(&rows::text(row, "actor_kind")?)?,
                id: rows::text(row, "actor_id")?,
            },
            payload: serde_json::from_str(&payload)?,
        };
        Ok(Self {
            sequence,
            hash: rows::text(row, "hash")?,
            payload,
            envelope,
        })
    }
}

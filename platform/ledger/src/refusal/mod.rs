//! Refused commands, recorded for audit.
//!
//! Each is an event of the ledger like any other, without a value of the input. It is recorded
//! under the project that it was about, if its actor sees that project, and else under a name that
//! no project has: a refusal tells nobody of what he may not see.

mod flood;

use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sea_orm::Value;
use sluice_kernel::{Ctx, ProjectAccess, RefusalRecorder, UNATTRIBUTED};
use sluice_schema::{Envelope, ErrorCode, EventId, NewEvent, ProjectId, events::CommandRefused};

use crate::{Ledger, LedgerError, rows};
use flood::{Admitted, Held, WINDOW, Who};

pub(crate) use flood::Flood;

/// How long an answer waits for the record of its refusal; the record itself goes on.
const PATIENCE: Duration = Duration::from_secs(2);

/// The project of an object: of a node by its own id, and by its key when it has another.
const PROJECT: &str = "\
    SELECT project_id FROM lineage_node WHERE tenant_id = $1 AND node_key = $2 \
    UNION ALL \
    SELECT n.project_id FROM lineage_alias a \
    JOIN lineage_node n ON n.tenant_id = a.tenant_id AND n.node_key = a.node_key \
    WHERE a.tenant_id = $1 AND a.object_id = $2";

impl Ledger {
    /// Records a refused command of the caller. `project` is the one that the command names; when
    /// it names none, that of the object which the refusal is about. Of one actor at most 60 a
    /// minute are written one by one by a process, and then the last one of the minute, which
    /// says how many were left out; a process that ends before that forgets it.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn refused(
        &self,
        ctx: &Ctx,
        project: Option<&ProjectId>,
        refusal: CommandRefused,
    ) -> Result<(), LedgerError> {
        let project = self.attributed(ctx, project, &refusal).await?;
        let event = envelope(ctx, &project, refusal, self.store().clock().now())?;
        match self.flood().admit(&event, Instant::now()) {
            Admitted::Write(before) => {
                let before = before.map(|held| told(*held)).transpose()?;
                let events: Vec<Envelope> = before.into_iter().chain([event]).collect();
                self.append(&events).await?;
            }
            Admitted::HeldFirst(who) => self.write_later(who),
            Admitted::Held => {}
        }
        Ok(())
    }

    /// The project to record a refusal under.
    async fn attributed(
        &self,
        ctx: &Ctx,
        named: Option<&ProjectId>,
        refusal: &CommandRefused,
    ) -> Result<ProjectId, LedgerError> {
        let known = match named {
            Some(project) => Some(project.clone()),
            None => self.project_of(ctx, &refusal.subject_id).await?,
        };
        let known = known.or_else(|| only_project(ctx, &refusal.code));
        match known.filter(|project| ctx.sees(project)) {
            Some(project) => Ok(project),
            None => unattributed(),
        }
    }

    async fn project_of(&self, ctx: &Ctx, object: &str) -> Result<Option<ProjectId>, LedgerError> {
        if object.is_empty() {
            return Ok(None);
        }
        let read = self.store().read_raw(ctx).await?;
        let binds: [Value; 2] = [ctx.tenant().as_str().into(), object.into()];
        let found = read.query(PROJECT, binds).await?;
        let project = match found.first() {
            Some(row) => rows::text_opt(row, "project_id")?,
            None => None,
        };
        Ok(project.and_then(|project| project.parse().ok()))
    }

    fn write_later(&self, who: Who) {
        let ledger = self.weak();
        tokio::spawn(async move {
            tokio::time::sleep(WINDOW).await;
            let Some(ledger) = Ledger::strong(&ledger) else {
                return;
            };
            if let Err(error) = ledger.write_held(&who, Instant::now()).await {
                lost(&error);
            }
        });
    }

    /// Writes what is held of an actor's minute, when that is over.
    async fn write_held(&self, who: &Who, now: Instant) -> Result<(), LedgerError> {
        if let Some(held) = self.flood().take(who, now) {
            self.append(&[told(*held)?]).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl RefusalRecorder for Ledger {
    async fn record(&self, ctx: &Ctx, project: Option<&ProjectId>, refusal: CommandRefused) {
        let (ledger, ctx, project) = (self.clone(), ctx.clone(), project.cloned());
        // On its own: whoever leaves before the answer is recorded all the same.
        let recorded = tokio::spawn(async move {
            if let Err(error) = ledger.refused(&ctx, project.as_ref(), refusal).await {
                lost(&error);
            }
        });
        if tokio::time::timeout(PATIENCE, recorded).await.is_err() {
            tracing::warn!("a refusal is answered before it is recorded");
        }
    }
}

fn lost(error: &LedgerError) {
    tracing::error!(%error, "a refused command could not be recorded");
    metrics::counter!("sluice_ledger_refusals_lost_total").increment(1);
}

/// The only project that the caller sees, for what the domain refused: it saw the object.
fn only_project(ctx: &Ctx, code: &str) -> Option<ProjectId> {
    let by_rights = [ErrorCode::Forbidden, ErrorCode::NotFound];
    if by_rights.iter().any(|denied| denied.as_str() == code) {
        return None;
    }
    match ctx.projects() {
        ProjectAccess::Only(projects) if projects.len() == 1 => projects.first().cloned(),
        _ => None,
    }
}

fn unattributed() -> Result<ProjectId, LedgerError> {
    let name: Result<ProjectId, _> = UNATTRIBUTED.parse();
    name.map_err(|error| LedgerError::invalid("projectId", error.to_string()))
}

fn envelope(
    ctx: &Ctx,
    project: &ProjectId,
    mut refusal: CommandRefused,
    at: DateTime<Utc>,
) -> Result<Envelope, LedgerError> {
    if refusal.subject_id.is_empty() {
        refusal.subject_id = project.to_string();
    }
    let event = NewEvent::of(project, None, &refusal)?;
    Ok(Envelope {
        event_id: EventId::generate(),
        event_type: event.event_type.to_owned(),
        schema_version: event.schema_version,
        tenant_id: ctx.tenant().clone(),
        project_id: event.project_id,
        module_id: None,
        trace_id: ctx.trace_id().to_owned(),
        correlation_id: ctx.correlation_id().to_owned(),
        causation_id: ctx.causation_id(),
        sequence: None,
        occurred_at: at,
        subject: event.subject,
        actor: ctx.actor().clone(),
        payload: event.payload,
    })
}

/// The event of a held refusal, which says how many before it were left out.
fn told(held: Held) -> Result<Envelope, LedgerError> {
    let mut event = held.event;
    let refusal: Option<CommandRefused> = event.decode()?;
    if let Some(refusal) = refusal {
        event.payload = serde_json::to_value(CommandRefused {
            omitted: held.omitted,
            ..refusal
        })?;
    }
    Ok(event)
}

#[cfg(test)]
mod tests {
    use sluice_schema::events::CommandRefused;

    pub(super) fn refusal(command: &str) -> CommandRefused {
        CommandRefused {
            subject_id: String::new(),
            command: command.to_owned(),
            code: "CONFLICT".to_owned(),
            field: None,
            blockers: Vec::new(),
            omitted: 0,
        }
    }
}

//! The context of one request or reaction: who acts, where, and under which trace.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use sluice_schema::{Actor, ActorKind, Envelope, ErrorCode, EventId, ProjectId, Scope, TenantId};
use uuid::Uuid;

use crate::{Fault, IdempotencyKey};

/// Which projects of its tenant a principal may see.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ProjectAccess {
    /// All, present and future.
    All,
    /// The named ones.
    Only(BTreeSet<ProjectId>),
}

/// The authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The tenant that it acts in.
    pub tenant: TenantId,
    /// The projects that it may see.
    pub projects: ProjectAccess,
    /// Who it is.
    pub actor: Actor,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
}

/// Counts the SQL statements of one request, and the rows that they answered.
#[derive(Debug, Default)]
pub struct StatementCounter {
    statements: AtomicU64,
    rows: AtomicU64,
}

impl StatementCounter {
    /// Notes one statement.
    pub fn add(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }
    /// Notes rows that a statement answered.
    pub fn add_rows(&self, rows: usize) {
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }
    /// Statements so far.
    pub fn get(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }
    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
struct Inner {
    principal: Principal,
    trace_id: String,
    correlation_id: String,
    causation_id: Option<EventId>,
    deadline: Option<Instant>,
    idempotency: Option<IdempotencyKey>,
    statements: Arc<StatementCounter>,
}

/// The first argument of every call below the edge; cheap to clone.
#[derive(Debug, Clone)]
pub struct Ctx(Arc<Inner>);

/// The caller may not do this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The token lacks a scope.
    #[error("the token lacks the scope {0}")]
    Scope(Scope),
    /// The project is not one that the token names: as good as absent.
    #[error("no such project")]
    Project,
}

impl Fault for Denied {
    fn code(&self) -> ErrorCode {
        match self {
            Denied::Scope(_) => ErrorCode::Forbidden,
            Denied::Project => ErrorCode::NotFound,
        }
    }
}

impl Ctx {
    /// A context for a caller's request; a new trace begins when none is given.
    pub fn for_request(principal: Principal, trace_id: Option<String>) -> Self {
        let trace_id = trace_id.unwrap_or_else(|| Uuid::now_v7().simple().to_string());
        Self(Arc::new(Inner {
            principal,
            correlation_id: trace_id.clone(),
            trace_id,
            causation_id: None,
            deadline: None,
            idempotency: None,
            statements: Arc::default(),
        }))
    }

    /// A context for `service`'s reaction to `event`: the event's tenant and trace, all rights.
    pub fn for_event(service: &str, event: &Envelope) -> Self {
        Self(Arc::new(Inner {
            principal: system_principal(service, event.tenant_id.clone()),
            trace_id: event.trace_id.clone(),
            correlation_id: event.correlation_id.clone(),
            causation_id: Some(event.event_id),
            deadline: None,
            idempotency: None,
            statements: Arc::default(),
        }))
    }

    /// A context for `service`'s own work on an object of `tenant` (recovery, a worker), under
    /// the trace and correlation that the object was made with.
    pub fn for_system(
        service: &str,
        tenant: TenantId,
        trace_id: &str,
        correlation_id: &str,
    ) -> Self {
        Self(Arc::new(Inner {
            principal: system_principal(service, tenant),
            trace_id: trace_id.to_owned(),
            correlation_id: correlation_id.to_owned(),
            causation_id: None,
            deadline: None,
            idempotency: None,
            statements: Arc::default(),
        }))
    }

    fn with(&self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Inner {
            principal: self.0.principal.clone(),
            trace_id: self.0.trace_id.clone(),
            correlation_id: self.0.correlation_id.clone(),
            causation_id: self.0.causation_id,
            deadline: self.0.deadline,
            idempotency: self.0.idempotency.clone(),
            statements: self.0.statements.clone(),
        };
        change(&mut inner);
        Self(Arc::new(inner))
    }

    /// The same context with an idempotency key.
    #[must_use]
    pub fn with_idempotency(&self, key: IdempotencyKey) -> Self {
        self.with(|inner| inner.idempotency = Some(key))
    }

    /// The same context without the caller's idempotency key, for what a command has another
    /// service do: the key stands for the command alone.
    #[must_use]
    pub fn without_idempotency(&self) -> Self {
        self.with(|inner| inner.idempotency = None)
    }

    /// The same context with a time after which no further work shall start.
    #[must_use]
    pub fn with_deadline(&self, deadline: Instant) -> Self {
        self.with(|inner| inner.deadline = Some(deadline))
    }

    /// The same context, caused by `event`.
    #[must_use]
    pub fn with_causation(&self, event: Option<EventId>) -> Self {
        self.with(|inner| inner.causation_id = event)
    }

    /// The tenant.
    pub fn tenant(&self) -> &TenantId {
        &self.0.principal.tenant
    }
    /// The caller.
    pub fn principal(&self) -> &Principal {
        &self.0.principal
    }
    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.0.principal.actor
    }
    /// Which projects the caller may see.
    pub fn projects(&self) -> &ProjectAccess {
        &self.0.principal.projects
    }
    /// The trace, end to end.
    pub fn trace_id(&self) -> &str {
        &self.0.trace_id
    }
    /// The workflow.
    pub fn correlation_id(&self) -> &str {
        &self.0.correlation_id
    }
    /// The event that caused this work, when one did.
    pub fn causation_id(&self) -> Option<EventId> {
        self.0.causation_id
    }
    /// When no further work shall start.
    pub fn deadline(&self) -> Option<Instant> {
        self.0.deadline
    }
    /// The caller's idempotency key.
    pub fn idempotency(&self) -> Option<&IdempotencyKey> {
        self.0.idempotency.as_ref()
    }
    /// SQL statements of this request; contexts made from this one count together.
    pub fn statements(&self) -> &StatementCounter {
        &self.0.statements
    }

    /// Demands a scope.
    ///
    /// # Errors
    /// [`Denied::Scope`] when the token lacks it.
    pub fn require(&self, scope: Scope) -> Result<(), Denied> {
        if self.0.principal.scopes.contains(&scope) {
            Ok(())
        } else {
            Err(Denied::Scope(scope))
        }
    }

    /// Whether the caller may see the project.
    pub fn sees(&self, project: &ProjectId) -> bool {
        match &self.0.principal.projects {
            ProjectAccess::All => true,
            ProjectAccess::Only(set) => set.contains(project),
        }
    }

    /// Demands that the caller may see the project.
    ///
    /// # Errors
    /// [`Denied::Project`], which reads as not found.
    pub fn require_project(&self, project: &ProjectId) -> Result<(), Denied> {
        if self.sees(project) {
            Ok(())
        } else {
            Err(Denied::Project)
        }
    }
}

fn system_principal(service: &str, tenant: TenantId) -> Principal {
    Principal {
        tenant,
        projects: ProjectAccess::All,
        actor: Actor {
            kind: ActorKind::System,
            id: service.to_owned(),
        },
        scopes: Scope::ALL.iter().copied().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(projects: &[&str], scopes: &[Scope]) -> Principal {
        Principal {
            tenant: "acme".parse().unwrap(),
            projects: ProjectAccess::Only(projects.iter().map(|p| p.parse().unwrap()).collect()),
            actor: Actor {
                kind: ActorKind::User,
                id: "ada".into(),
            },
            scopes: scopes.iter().copied().collect(),
        }
    }

    #[test]
    fn a_missing_scope_is_forbidden_and_a_foreign_project_is_not_found() {
        let ctx = Ctx::for_request(principal(&["web"], &[Scope::Read]), None);
        assert_eq!(ctx.require(Scope::Read), Ok(()));
        let denied = ctx.require(Scope::CommitsWrite).unwrap_err();
        assert_eq!(denied.code(), ErrorCode::Forbidden);
        let denied = ctx.require_project(&"api".parse().unwrap()).unwrap_err();
        assert_eq!(denied.code(), ErrorCode::NotFound);
    }
}

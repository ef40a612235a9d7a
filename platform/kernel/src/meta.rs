//! What every aggregate carries besides its own fields.

use chrono::{DateTime, Utc};
use sluice_schema::{ErrorCode, Fault, ModuleId, ProjectId, TenantId};

use crate::Ctx;

/// Ownership, audit fields and version of an aggregate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// Owner.
    pub tenant_id: TenantId,
    /// Project of the owner.
    pub project_id: ProjectId,
    /// Module that it belongs to, when known.
    pub module_id: Option<ModuleId>,
    /// 1 when made, one more with each change; writers name the one that they read.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Who made it.
    pub created_by: String,
    /// Who last changed it.
    pub updated_by: String,
    /// Trace of the request that made it.
    pub trace_id: String,
    /// Workflow that it was made in.
    pub correlation_id: String,
}

/// The caller read an older version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {kind} is at version {current}, not {expected}; read it again")]
pub struct StaleVersion {
    /// The aggregate's type.
    pub kind: &'static str,
    /// What the caller read.
    pub expected: i64,
    /// What it is.
    pub current: i64,
}

impl Fault for StaleVersion {
    fn code(&self) -> ErrorCode {
        ErrorCode::VersionConflict
    }
    fn field(&self) -> Option<String> {
        Some("expectedVersion".to_owned())
    }
}

impl Meta {
    /// For an aggregate that `ctx` makes now.
    pub fn new(
        ctx: &Ctx,
        now: DateTime<Utc>,
        project: ProjectId,
        module: Option<ModuleId>,
    ) -> Self {
        Self {
            tenant_id: ctx.tenant().clone(),
            project_id: project,
            module_id: module,
            version: 1,
            created_at: now,
            updated_at: now,
            created_by: ctx.actor().id.clone(),
            updated_by: ctx.actor().id.clone(),
            trace_id: ctx.trace_id().to_owned(),
            correlation_id: ctx.correlation_id().to_owned(),
        }
    }

    /// Notes a change by `ctx`; the store raises the version when it saves.
    pub fn touch(&mut self, ctx: &Ctx, now: DateTime<Utc>) {
        self.updated_at = now;
        self.updated_by = ctx.actor().id.clone();
    }

    /// Refuses when the aggregate is not at the version that the caller read.
    ///
    /// # Errors
    /// [`StaleVersion`].
    pub fn ensure_version(&self, kind: &'static str, expected: i64) -> Result<(), StaleVersion> {
        if self.version == expected {
            Ok(())
        } else {
            Err(StaleVersion {
                kind,
                expected,
                current: self.version,
            })
        }
    }

    /// A context to continue this aggregate's work without a caller.
    pub fn system_ctx(&self, service: &str) -> Ctx {
        Ctx::for_system(
            service,
            self.tenant_id.clone(),
            &self.trace_id,
            &self.correlation_id,
        )
    }
}

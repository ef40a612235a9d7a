//! What every aggregate carries besides its own fields.

use chrono::{DateTime, Utc};
use sluice_schema::{ModuleId, ProjectId, TenantId};

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

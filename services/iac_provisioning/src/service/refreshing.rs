//! Comparing a stack with what is there.

use std::sync::Arc;

use sluice_infrastructure_engine::{NoSink, Refreshed};
use sluice_kernel::{Ctx, Outcome};
use sluice_schema::Scope;

use super::{Infrastructures, NONE, Result, Saved, program::stack};
use crate::{InfrastructureError, InfrastructurePlan, RefreshInfrastructure, store};

const TRIES: u32 = 10;

impl Infrastructures {
    /// Compares a module's stack in an environment with what is there, and takes differences over
    /// into the engine's state, so that the next plan brings back what is declared. What was found
    /// stands in the newest plan.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `UNAVAILABLE` while another operation works on the stack.
    pub async fn refresh(
        &self,
        ctx: &Ctx,
        command: RefreshInfrastructure,
    ) -> Result<Outcome<Arc<InfrastructurePlan>>> {
        ctx.require(Scope::InfrastructureProvision)?;
        ctx.require_project(&command.project_id)?;
        self.newest(ctx, &command).await?;
        let id = stack(
            ctx,
            &command.project_id,
            &command.module,
            &command.environment,
        )?;
        let found = self.ports.engine.refresh(&id, Arc::new(NoSink)).await?;
        self.note_drift(ctx, &command, found).await
    }

    async fn newest(
        &self,
        ctx: &Ctx,
        command: &RefreshInfrastructure,
    ) -> Result<InfrastructurePlan> {
        let (project, environment) = (&command.project_id, &command.environment);
        let found =
            store::latest_of_stack(&self.store, ctx, project, environment, &command.module).await?;
        found.ok_or(InfrastructureError::NotFound("infrastructure"))
    }

    async fn note_drift(
        &self,
        ctx: &Ctx,
        command: &RefreshInfrastructure,
        found: Refreshed,
    ) -> Result<Outcome<Arc<InfrastructurePlan>>> {
        let mut tries = TRIES;
        loop {
            tries -= 1;
            let mut plan = self.newest(ctx, command).await?;
            plan.drift.clone_from(&found.drifts);
            plan.refreshed_at = Some(self.store.clock().now());
            if self.save(ctx, &mut plan, NONE, Saved::Plan).await? || tries == 0 {
                return Ok(Outcome::done(Arc::new(plan)));
            }
        }
    }
}

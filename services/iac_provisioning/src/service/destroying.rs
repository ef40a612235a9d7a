//! Deleting everything that a module has in an environment.

use std::sync::Arc;

use sluice_kernel::{Ctx, Meta, Outcome};
use sluice_schema::{Scope, TypedId};

use super::{
    Infrastructures, Result,
    applying::{answered, refuse_protected},
    program::stack,
};
use crate::{
    DestroyInfrastructure, InfrastructureError, InfrastructureOperation, InfrastructurePlan,
    InfrastructureStatus, model::changes, store,
};

/// Stands for the program of plans that delete everything.
const NO_PROGRAM: &str = "destroy";

impl Infrastructures {
    /// Deletes everything that a module has in an environment. What was deleted already is
    /// answered as a replay.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT` when `confirm` is not the module's name,
    /// `PROTECTED_RESOURCE`, `FAILED_PRECONDITION` when a step failed.
    pub async fn destroy(
        &self,
        ctx: &Ctx,
        command: DestroyInfrastructure,
    ) -> Result<Outcome<Arc<InfrastructurePlan>>> {
        const COMMAND: &str = "destroyInfrastructure";
        ctx.require(Scope::InfrastructureProvision)?;
        ctx.require_project(&command.project_id)?;
        command.validate()?;
        if let Some(known) = self.recall(ctx, COMMAND).await? {
            return self
                .finished(ctx, InfrastructurePlan::clone(&known), false)
                .await;
        }
        let (project, environment, module) =
            (&command.project_id, &command.environment, &command.module);
        let latest = store::latest_of_stack(&self.store, ctx, project, environment, module).await?;
        let latest = latest.ok_or(InfrastructureError::NotFound("infrastructure"))?;
        let destroys = latest.operation == InfrastructureOperation::Destroy;
        if destroys && latest.status == InfrastructureStatus::Applying {
            return self.finished(ctx, latest, false).await;
        }
        let id = stack(ctx, project, module, environment)?;
        let plan = self.ports.engine.plan_destroy(&id).await?;
        if plan.is_empty() {
            return match latest.status {
                InfrastructureStatus::Destroyed => answered(latest, false),
                _ => Err(InfrastructureError::NothingThere {
                    module: command.module,
                    environment: command.environment,
                }),
            };
        }
        let key = (latest.release_id, latest.environment_id, module.as_str());
        let earlier = store::latest(&self.store, ctx, key, NO_PROGRAM).await?;
        let attempt = earlier.map_or(1, |plan| plan.attempt + 1);
        let intent = self.removal(ctx, &latest, plan, attempt);
        refuse_protected(&intent)?;
        if self.insert(ctx, &intent, Some(COMMAND)).await? {
            return self.finished(ctx, intent, true).await;
        }
        let theirs = store::latest(&self.store, ctx, key, NO_PROGRAM).await?;
        let theirs = theirs.ok_or(InfrastructureError::NotFound("infrastructure"))?;
        self.finished(ctx, theirs, false).await
    }

    async fn finished(
        &self,
        ctx: &Ctx,
        plan: InfrastructurePlan,
        began: bool,
    ) -> Result<Outcome<Arc<InfrastructurePlan>>> {
        let plan = match plan.status {
            InfrastructureStatus::Applying => self.finish_applying(ctx, plan).await?,
            _ => plan,
        };
        answered(plan, began)
    }

    fn removal(
        &self,
        ctx: &Ctx,
        latest: &InfrastructurePlan,
        plan: sluice_infrastructure_engine::Plan,
        attempt: u32,
    ) -> InfrastructurePlan {
        let (now, meta) = (self.store.clock().now(), &latest.meta);
        InfrastructurePlan {
            id: TypedId::generate(),
            meta: Meta::new(ctx, now, meta.project_id.clone(), meta.module_id.clone()),
            program_digest: NO_PROGRAM.to_owned(),
            attempt,
            operation: InfrastructureOperation::Destroy,
            status: InfrastructureStatus::Applying,
            state_serial: plan.state_serial,
            changes: changes(&plan.summary()),
            plan: Some(plan),
            code: None,
            reason: None,
            failed_urn: None,
            outputs: Default::default(),
            drift: Vec::new(),
            refreshed_at: None,
            finished_at: None,
            ..latest.clone()
        }
    }
}

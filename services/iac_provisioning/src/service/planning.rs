//! Intent, comparison, outcome.

use sluice_infrastructure_engine::{Plan, Program};
use sluice_kernel::{Ctx, Fault, Meta, directory::ReleaseView};
use sluice_schema::{EventId, NewEvent, ProjectId, TypedId, events::ReleaseApproved};

use super::{
    CONSUMER, Infrastructures, NONE, Result, Saved,
    program::{Declared, Source, settings},
    targets::Target,
};
use crate::{
    InfrastructureError, InfrastructureOperation, InfrastructurePlan, InfrastructureStatus, store,
};

impl Infrastructures {
    /// The plan of a target, and whether this call made it.
    pub(crate) async fn plan_one(
        &self,
        ctx: &Ctx,
        target: &Target,
        command: Option<&str>,
    ) -> Result<(InfrastructurePlan, bool)> {
        match self.declared(ctx, &Source::of_target(target)).await? {
            Declared::Nothing => Err(InfrastructureError::NothingDeclared(
                target.item.module.id.clone(),
            )),
            Declared::Broken(digest, error) => {
                self.note_broken(ctx, target, &digest, &error).await?;
                Err(error)
            }
            Declared::Program(program) => self.compare(ctx, target, program, command).await,
        }
    }

    async fn compare(
        &self,
        ctx: &Ctx,
        target: &Target,
        program: Program,
        command: Option<&str>,
    ) -> Result<(InfrastructurePlan, bool)> {
        let mut compared = None;
        let attempt = loop {
            let Some(plan) = self.latest(ctx, target, &program.digest).await? else {
                break 1;
            };
            let next = plan.attempt + 1;
            match plan.status {
                InfrastructureStatus::Planning | InfrastructureStatus::Applying => {
                    let plan = self.finish_planning(ctx, plan, Some(&program)).await?;
                    return Ok((plan, false));
                }
                InfrastructureStatus::Planned | InfrastructureStatus::Provisioned => {
                    let now = self.ports.engine.plan(&program).await?;
                    if still_holds(&plan, &now) {
                        return Ok((plan, false));
                    }
                    // Somebody may have begun it meanwhile: then there is nothing to plan anew.
                    if self.outdate(ctx, plan, "the stack changed since").await? {
                        compared = Some(now);
                        break next;
                    }
                }
                InfrastructureStatus::Failed
                | InfrastructureStatus::Stale
                | InfrastructureStatus::Destroyed => break next,
            }
        };
        let intent = self.intent(ctx, target, &program.digest, attempt);
        let (plan, made) = self.announce(ctx, target, intent, command).await?;
        let plan = self.finish(ctx, plan, Some(&program), compared).await?;
        Ok((plan, made))
    }

    async fn latest(
        &self,
        ctx: &Ctx,
        target: &Target,
        digest: &str,
    ) -> Result<Option<InfrastructurePlan>> {
        let key = (
            target.release.id,
            target.environment.id,
            target.item.module.id.as_str(),
        );
        Ok(store::latest(&self.store, ctx, key, digest).await?)
    }

    fn intent(&self, ctx: &Ctx, target: &Target, digest: &str, attempt: u32) -> InfrastructurePlan {
        let now = self.store.clock().now();
        let item = &target.item;
        let project = target.release.project_id.clone();
        InfrastructurePlan {
            id: TypedId::generate(),
            meta: Meta::new(ctx, now, project, item.module.id.parse().ok()),
            release_id: target.release.id,
            environment_id: target.environment.id,
            environment: target.environment.name.clone(),
            module: item.module.id.clone(),
            repository_id: item.repository_id,
            repository_name: item.repository_name.clone(),
            commit_sha: item.commit_sha.clone(),
            program_digest: digest.to_owned(),
            attempt,
            operation: InfrastructureOperation::Provision,
            status: InfrastructureStatus::Planning,
            settings: settings(&target.environment, item),
            plan: None,
            state_serial: 0,
            changes: Default::default(),
            code: None,
            reason: None,
            failed_urn: None,
            outputs: Default::default(),
            drift: Vec::new(),
            refreshed_at: None,
            finished_at: None,
        }
    }

    /// Puts the intent down; when somebody else did so at the same time, theirs is the one.
    async fn announce(
        &self,
        ctx: &Ctx,
        target: &Target,
        intent: InfrastructurePlan,
        command: Option<&str>,
    ) -> Result<(InfrastructurePlan, bool)> {
        if self.insert(ctx, &intent, command).await? {
            return Ok((intent, true));
        }
        let theirs = self.latest(ctx, target, &intent.program_digest).await?;
        let theirs = theirs.ok_or(InfrastructureError::NotFound("infrastructure plan"))?;
        Ok((theirs, false))
    }

    /// `false` when the plan's key is taken.
    pub(super) async fn insert(
        &self,
        ctx: &Ctx,
        plan: &InfrastructurePlan,
        command: Option<&str>,
    ) -> Result<bool> {
        let tx = self.store.begin(ctx).await?;
        let saved = match (store::insert(&tx, plan).await, command) {
            (Ok(()), Some(command)) => tx.remember(command, &plan.id.to_string()).await,
            (saved, _) => saved,
        };
        match saved {
            Ok(()) => {
                tx.commit([]).await?;
                Ok(true)
            }
            Err(error) if error.is_unique() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Compares what was announced and records the outcome; whoever finds a plan that is still
    /// being made helps to finish it, and exactly one of the helpers announces it.
    pub(crate) async fn finish_planning(
        &self,
        ctx: &Ctx,
        plan: InfrastructurePlan,
        program: Option<&Program>,
    ) -> Result<InfrastructurePlan> {
        self.finish(ctx, plan, program, None).await
    }

    async fn finish(
        &self,
        ctx: &Ctx,
        mut plan: InfrastructurePlan,
        program: Option<&Program>,
        compared: Option<Plan>,
    ) -> Result<InfrastructurePlan> {
        if plan.status != InfrastructureStatus::Planning {
            return Ok(plan);
        }
        let found = match compared {
            Some(found) => Ok(found),
            None => self.engine_plan(ctx, &plan, program).await,
        };
        match found {
            Ok(found) => {
                let event = plan.planned(found);
                self.save(ctx, &mut plan, event.as_ref(), Saved::Plan)
                    .await?;
                Ok(plan)
            }
            Err(error) if error.is_passing() => Err(error),
            Err(error) => {
                let now = self.store.clock().now();
                let event = plan.failed(error.code(), &error.in_words(), None, now);
                self.save(ctx, &mut plan, event.as_ref(), Saved::Plan)
                    .await?;
                Err(error)
            }
        }
    }

    async fn engine_plan(
        &self,
        ctx: &Ctx,
        plan: &InfrastructurePlan,
        program: Option<&Program>,
    ) -> Result<Plan> {
        if let Some(program) = program {
            return Ok(self.ports.engine.plan(program).await?);
        }
        let program = self.program_of(ctx, plan).await?;
        Ok(self.ports.engine.plan(&program).await?)
    }

    /// The program that a plan was made from, read again.
    pub(super) async fn program_of(&self, ctx: &Ctx, plan: &InfrastructurePlan) -> Result<Program> {
        match self.declared(ctx, &Source::of_plan(plan)).await? {
            Declared::Program(program) => Ok(program),
            Declared::Broken(_, error) => Err(error),
            Declared::Nothing => Err(InfrastructureError::NothingDeclared(plan.module.clone())),
        }
    }

    /// Records once that a commit's `infra.yaml` is no program.
    async fn note_broken(
        &self,
        ctx: &Ctx,
        target: &Target,
        digest: &str,
        error: &InfrastructureError,
    ) -> Result<()> {
        if self.latest(ctx, target, digest).await?.is_some() {
            return Ok(());
        }
        let mut plan = self.intent(ctx, target, digest, 1);
        let now = self.store.clock().now();
        let Some(event) = plan.failed(error.code(), &error.in_words(), None, now) else {
            return Ok(());
        };
        let event = NewEvent::of(&plan.meta.project_id, plan.meta.module_id.as_ref(), &event)?;
        let tx = self.store.begin(ctx).await?;
        match store::insert(&tx, &plan).await {
            Ok(()) => {
                tx.commit([event]).await?;
                Ok(())
            }
            Err(error) if error.is_unique() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The stack changed since the plan was made, so that it will not be carried out. `false` when
    /// the plan itself changed meanwhile.
    async fn outdate(&self, ctx: &Ctx, mut plan: InfrastructurePlan, reason: &str) -> Result<bool> {
        if !plan.outdated(reason, self.store.clock().now()) {
            return Ok(true);
        }
        self.save(ctx, &mut plan, NONE, Saved::Plan).await
    }

    /// Plans what an approved release declares, for every environment, when the project lets that
    /// run by itself. Nothing is carried out.
    pub(crate) async fn plan_release(
        &self,
        ctx: &Ctx,
        event: EventId,
        project: &ProjectId,
        approved: &ReleaseApproved,
    ) -> Result<()> {
        let tx = self.store.begin(ctx).await?;
        if !tx.first_delivery(CONSUMER, event).await? {
            return Ok(());
        }
        drop(tx);
        let policies = self.ports.projects.policies(ctx, project).await;
        let policies = policies.map_err(InfrastructureError::directory)?;
        if policies.auto_plan_infrastructure {
            let release = self.release(ctx, approved.release_id).await?;
            self.plan_everywhere(ctx, &release).await?;
        }
        // Planning is done in transactions of its own, each found again by its natural key.
        let tx = self.store.begin(ctx).await?;
        tx.first_delivery(CONSUMER, event).await?;
        tx.commit([]).await?;
        Ok(())
    }

    async fn plan_everywhere(&self, ctx: &Ctx, release: &ReleaseView) -> Result<()> {
        let environments = self
            .ports
            .environments
            .environments(ctx, &release.project_id)
            .await;
        let environments = environments.map_err(InfrastructureError::directory)?;
        for item in &release.items {
            if !self.declares(ctx, &release.project_id, item).await? {
                continue;
            }
            for environment in environments.iter().filter(|one| !one.retired) {
                let target = Target {
                    release: release.clone(),
                    environment: environment.clone(),
                    item: item.clone(),
                };
                match self.plan_one(ctx, &target, None).await {
                    Ok(_) => {}
                    Err(error) if error.is_passing() => return Err(error),
                    // It is on record; the other environments are planned all the same.
                    Err(error) => {
                        tracing::info!(module = %item.module.id, environment = %environment.name, %error, "no plan");
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whether the plan would do what the engine would do now.
fn still_holds(plan: &InfrastructurePlan, now: &Plan) -> bool {
    match plan.status {
        InfrastructureStatus::Provisioned => now.is_empty(),
        _ => plan
            .plan
            .as_ref()
            .is_some_and(|plan| plan.digest == now.digest),
    }
}

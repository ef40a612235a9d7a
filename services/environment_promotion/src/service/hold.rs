//! Holding promotions into environments, and resuming them.

use std::sync::Arc;

use sluice_kernel::{Ctx, Outcome};
use sluice_schema::{EnvironmentId, NewEvent, Scope};

use super::{ATTEMPTS, Environments, Result, SERVICE, announced};
use crate::{
    Environment, HoldEnvironment, PromotionError, ResumeEnvironment, model::HeldBy, store,
};

const HOLD: &str = "holdEnvironment";
const RESUME: &str = "resumeEnvironment";
/// Modules of one environment that may be held at once.
const MAX_HOLDS: usize = 200;

impl Environments {
    /// Holds promotions into the environment, or of one module into it, until somebody resumes
    /// them or the hold's time is over.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `CONFLICT` when it is held with another reason
    /// or end.
    pub async fn hold(
        &self,
        ctx: &Ctx,
        command: HoldEnvironment,
    ) -> Result<Outcome<Arc<Environment>>> {
        ctx.require(Scope::PromotionsWrite)?;
        let now = self.store().clock().now();
        let named = command.validate(now)?;
        let id = self.resolve(ctx, named, None).await?.id;
        self.change(ctx, HOLD, id, |environment| {
            let module = command.module.as_deref();
            if let Some(hold) = environment.hold_of(module, now) {
                if hold.reason == command.reason && hold.until == command.until {
                    return Ok(Vec::new());
                }
                return Err(PromotionError::HeldDifferently {
                    held_by: hold.held_by.clone(),
                    reason: hold.reason.clone(),
                });
            }
            if environment.active_holds(now).count() >= MAX_HOLDS {
                let rule = format!("an environment has at most {MAX_HOLDS} holds");
                return Err(PromotionError::invalid("module", rule));
            }
            let by = HeldBy {
                actor: ctx.actor().id.clone(),
                at: now,
                rollback: None,
            };
            let held = environment.hold(module, &command.reason, command.until, by);
            let events = held.iter().map(|held| announced(&environment.meta, held));
            events.collect()
        })
        .await
    }

    /// Ends the hold of a module, or every hold of the environment.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`.
    pub async fn resume(
        &self,
        ctx: &Ctx,
        command: ResumeEnvironment,
    ) -> Result<Outcome<Arc<Environment>>> {
        ctx.require(Scope::PromotionsWrite)?;
        let named = command.validate()?;
        let id = self.resolve(ctx, named, None).await?.id;
        self.change(ctx, RESUME, id, |environment| {
            let resumed = environment.resume(command.module.as_deref(), &ctx.actor().id);
            let events = resumed.iter().map(|it| announced(&environment.meta, it));
            events.collect()
        })
        .await
    }

    /// Ends the holds of the environment whose time is over.
    pub(crate) async fn end_expired_holds(&self, ctx: &Ctx, id: EnvironmentId) -> Result<()> {
        let now = self.store().clock().now();
        self.change(ctx, "", id, |environment| {
            let resumed = environment.end_expired(SERVICE, now);
            let events = resumed.iter().map(|it| announced(&environment.meta, it));
            events.collect()
        })
        .await
        .map(|_| ())
    }

    /// Reads, decides and saves, again when another writer was first; without an event nothing
    /// is saved.
    async fn change(
        &self,
        ctx: &Ctx,
        command: &str,
        id: EnvironmentId,
        decide: impl Fn(&mut Environment) -> Result<Vec<NewEvent>> + Send + Sync,
    ) -> Result<Outcome<Arc<Environment>>> {
        for _ in 0..ATTEMPTS {
            if self.store().recall(ctx, command).await?.is_some() {
                return Ok(Outcome::replayed(Arc::new(self.load(ctx, id).await?)));
            }
            let mut environment = self.load(ctx, id).await?;
            let events = decide(&mut environment)?;
            if events.is_empty() {
                return Ok(Outcome::replayed(Arc::new(environment)));
            }
            match self.save(ctx, command, environment, events).await {
                Err(error) if error.is_race() => {}
                done => return done,
            }
        }
        Err(PromotionError::Contended)
    }

    async fn save(
        &self,
        ctx: &Ctx,
        command: &str,
        mut environment: Environment,
        events: Vec<NewEvent>,
    ) -> Result<Outcome<Arc<Environment>>> {
        environment.meta.touch(ctx, self.store().clock().now());
        let tx = self.store().begin(ctx).await?;
        store::update_environment(&tx, &mut environment).await?;
        tx.remember(command, &environment.id.to_string()).await?;
        tx.commit(events).await?;
        Ok(Outcome::done(Arc::new(environment)))
    }
}

//! Rolling environments back to what succeeded in them before.

use std::{collections::BTreeSet, sync::Arc};

use sluice_kernel::{Ctx, Meta, Outcome};
use sluice_schema::{NewEvent, PromotionId, Scope, TypedId};
use sluice_store::Tx;

use super::{
    ATTEMPTS, Promotions, Result, announced,
    ask::{blocked, passing},
    lost,
    record::Saved,
};
use crate::{
    Environment, EnvironmentPromotion, PromotionError, PromotionItem, PromotionKind,
    RollbackEnvironment,
    model::{HeldBy, NewPromotion, Slot, rollback},
    store,
};

const COMMAND: &str = "rollbackEnvironment";
/// Steps of a search back through the history.
const MAX_STEPS: usize = 100;

/// What a rollback leaves, for which modules, and what it declares again.
struct Way {
    left: EnvironmentPromotion,
    modules: Vec<String>,
    target: EnvironmentPromotion,
    /// The places that this was decided by.
    seen: Vec<Slot>,
}

impl Promotions {
    /// Declares again what succeeded in the environment before, as it was recorded, and holds the
    /// modules until somebody resumes them.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `FAILED_PRECONDITION` when there is nothing to
    /// leave or to return to, `PROMOTION_BLOCKED` with every blocker.
    pub async fn rollback(
        &self,
        ctx: &Ctx,
        command: RollbackEnvironment,
    ) -> Result<Outcome<Arc<EnvironmentPromotion>>> {
        ctx.require(Scope::PromotionsWrite)?;
        command.validate()?;
        if !command.overrides.is_empty() {
            ctx.require(Scope::PromotionsOverride)?;
        }
        for _ in 0..ATTEMPTS {
            if let Some(id) = self.store.recall(ctx, COMMAND).await? {
                let id = id.parse().map_err(|_| PromotionError::NotFound)?;
                let promotion = self.drive(self.load(ctx, id).await?, false).await?;
                return Ok(Outcome::replayed(Arc::new(promotion)));
            }
            match self.try_rollback(ctx, &command).await {
                Err(error) if error.is_race() => {}
                done => return done,
            }
        }
        Err(PromotionError::Contended)
    }

    async fn try_rollback(
        &self,
        ctx: &Ctx,
        command: &RollbackEnvironment,
    ) -> Result<Outcome<Arc<EnvironmentPromotion>>> {
        let named = command.validate()?;
        let environment = self.environments.resolve(ctx, named, None).await?;
        let slots = store::slots_by_environments(&self.store, ctx, &[environment.id]).await?;
        if let Some(same) = self.under_way(ctx, &slots, command).await? {
            let driven = self.drive(same, false).await?;
            return Ok(Outcome::replayed(Arc::new(driven)));
        }
        let (left, modules) = self.left(ctx, &environment, &slots, command).await?;
        let target = match command.to {
            Some(to) => self.named_target(ctx, &left, &modules, to).await?,
            None => {
                self.target_before(ctx, &environment, &left, &modules)
                    .await?
            }
        };
        if rollback::origin(&left) == target.id {
            return Ok(Outcome::replayed(Arc::new(left)));
        }
        let way = Way {
            left,
            modules,
            target,
            seen: slots,
        };
        self.begin_rollback(ctx, command, environment, way).await
    }

    /// The rollback that the same command began.
    async fn under_way(
        &self,
        ctx: &Ctx,
        slots: &[Slot],
        command: &RollbackEnvironment,
    ) -> Result<Option<EnvironmentPromotion>> {
        let wanted = |slot: &&Slot| command.module.as_ref().is_none_or(|it| slot.module == *it);
        let active: BTreeSet<PromotionId> = slots
            .iter()
            .filter(wanted)
            .filter_map(|slot| slot.active)
            .collect();
        for id in active {
            let promotion = self.load(ctx, id).await?;
            if promotion.kind != PromotionKind::Rollback {
                continue;
            }
            let same = command.to.is_none() || command.to == promotion.restored;
            return match same {
                true => Ok(Some(promotion)),
                false => Err(PromotionError::OtherRollback),
            };
        }
        Ok(None)
    }

    /// The promotion that is left, and its modules that it still declares.
    async fn left(
        &self,
        ctx: &Ctx,
        environment: &Environment,
        slots: &[Slot],
        command: &RollbackEnvironment,
    ) -> Result<(EnvironmentPromotion, Vec<String>)> {
        let nothing = || PromotionError::NothingDeclared {
            environment: environment.name.clone(),
        };
        let wanted = |slot: &&Slot| command.module.as_ref().is_none_or(|it| slot.module == *it);
        let declared: BTreeSet<PromotionId> = slots
            .iter()
            .filter(wanted)
            .filter_map(|slot| slot.declared)
            .collect();
        if declared.len() > 1 {
            let rule = "the environment's modules were not promoted together; name the module";
            return Err(PromotionError::invalid("module", rule));
        }
        let id = *declared.first().ok_or_else(nothing)?;
        let kept = slots
            .iter()
            .filter(wanted)
            .filter(|slot| slot.declared == Some(id));
        let modules = kept.map(|slot| slot.module.clone()).collect();
        Ok((self.load(ctx, id).await?, modules))
    }

    async fn named_target(
        &self,
        ctx: &Ctx,
        left: &EnvironmentPromotion,
        modules: &[String],
        to: PromotionId,
    ) -> Result<EnvironmentPromotion> {
        let missing = |error| match error {
            PromotionError::NotFound => PromotionError::Missing {
                field: "to",
                what: "promotion",
            },
            other => other,
        };
        let refused = |rule| PromotionError::NotRestorable { rule };
        let mut target = self.load(ctx, to).await.map_err(missing)?;
        if let Some(restored) = target.restored {
            target = self.load(ctx, restored).await?;
        }
        if target.environment_id != left.environment_id {
            return Err(refused("it is a promotion into another environment"));
        }
        if !rollback::is_restorable(&target) {
            return Err(refused("it never succeeded in the environment"));
        }
        if !modules.iter().all(|module| target.modules.contains(module)) {
            return Err(refused("it does not hold every module that is rolled back"));
        }
        Ok(target)
    }

    /// What succeeded before what is left now, for all modules together.
    async fn target_before(
        &self,
        ctx: &Ctx,
        environment: &Environment,
        left: &EnvironmentPromotion,
        modules: &[String],
    ) -> Result<EnvironmentPromotion> {
        let origin = match left.restored {
            Some(id) => self.load(ctx, id).await?,
            None => left.clone(),
        };
        let mut found: Option<EnvironmentPromotion> = None;
        for module in modules {
            let target = self.target_of(ctx, environment, &origin, module).await?;
            let target = target.ok_or_else(|| PromotionError::NothingBefore {
                module: module.clone(),
                environment: environment.name.clone(),
            })?;
            if found.get_or_insert_with(|| target.clone()).id != target.id {
                let rule = "the modules came from different promotions before; name the module";
                return Err(PromotionError::invalid("module", rule));
            }
        }
        found.ok_or_else(|| PromotionError::NothingDeclared {
            environment: environment.name.clone(),
        })
    }

    async fn target_of(
        &self,
        ctx: &Ctx,
        environment: &Environment,
        origin: &EnvironmentPromotion,
        module: &str,
    ) -> Result<Option<EnvironmentPromotion>> {
        let item = origin.items.iter().find(|item| item.module == module);
        let (Some(item), Some(mut since)) = (item, origin.promoted_at) else {
            return Ok(None);
        };
        for _ in 0..MAX_STEPS {
            let history = store::declared_before(&self.store, ctx, environment.id, since).await?;
            if let Some(found) = rollback::before(&history, module, &item.manifest_digest, since) {
                return Ok(Some(found.clone()));
            }
            match history.last().and_then(|it| it.promoted_at) {
                Some(earlier) => since = earlier,
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    async fn begin_rollback(
        &self,
        ctx: &Ctx,
        command: &RollbackEnvironment,
        environment: Environment,
        way: Way,
    ) -> Result<Outcome<Arc<EnvironmentPromotion>>> {
        let release = self.release(ctx, way.target.release_id).await?;
        let newest = store::newest_attempt(&self.store, ctx, release.id, environment.id).await?;
        let attempt = newest.map_or(1, |newest| newest.attempt + 1);
        let (kind, modules) = (PromotionKind::Rollback, way.modules.clone());
        let scene = self
            .scene(ctx, kind, environment, release, modules, None)
            .await?;
        if scene.slots.iter().any(|slot| !way.seen.contains(slot)) {
            // Another rollback may be the same command: look again.
            return Err(lost("Environment", scene.environment.id));
        }
        let now = self.store.clock().now();
        let meta = &way.target.meta;
        let mut promotion = EnvironmentPromotion::requested(NewPromotion {
            id: PromotionId::generate(),
            meta: Meta::new(ctx, now, meta.project_id.clone(), meta.module_id.clone()),
            release: (
                way.target.release_id,
                way.target.release_name.clone(),
                way.target.release_version.clone(),
            ),
            environment: (scene.environment.id, scene.environment.name.clone()),
            attempt,
            kind,
            modules: way.modules.clone(),
        });
        promotion.rollback_of = Some(way.left.id);
        promotion.restored = Some(way.target.id);
        promotion.rollback_reason = Some(command.reason.clone());
        promotion.overridden = passing(ctx, &command.overrides, command.override_reason.as_ref());
        let blockers = promotion.pass_overridden(scene.blockers(now));
        if !blockers.is_empty() {
            return Err(blocked(&scene.environment, &scene.release, blockers));
        }
        let repository = way
            .target
            .gitops_repository_id
            .zip(way.target.gitops_repository.clone());
        let repository = repository.ok_or(PromotionError::NoRepository {
            why: "it is not known",
        })?;
        let items: Vec<PromotionItem> = way
            .target
            .items
            .into_iter()
            .filter(|it| way.modules.contains(&it.module))
            .collect();
        promotion.run(items, repository, now);
        let saved = self
            .save_judged(ctx, promotion, &scene, Saved::New(Some(COMMAND)))
            .await?;
        let driven = self.drive(saved, true).await?;
        Ok(Outcome::done(Arc::new(driven)))
    }

    /// What a rollback does besides declaring: the promotion that it leaves is rolled back, once
    /// nothing of it is declared any more, and its modules are held.
    pub(super) async fn leave(
        &self,
        tx: &Tx,
        promotion: &EnvironmentPromotion,
        mut environment: Environment,
    ) -> Result<Vec<NewEvent>> {
        let (Some(left), Some(restored)) = (promotion.rollback_of, promotion.restored) else {
            return Ok(Vec::new());
        };
        let (ctx, now) = (tx.ctx(), self.store.clock().now());
        let reason = promotion.rollback_reason.clone().unwrap_or_default();
        if let Some(mut left) = self.load_in(tx, left).await? {
            let slots = store::slots_of_in(tx, environment.id, &left.modules).await?;
            if slots.iter().all(|slot| slot.declared != Some(left.id)) {
                left.roll_back(promotion.id, &reason, now);
                left.meta.touch(ctx, now);
                store::update_promotion(tx, &mut left).await?;
            }
        }
        let event = promotion.rolled_back_event(left, restored);
        let mut events = vec![announced(&promotion.meta, &event)?];
        let mut held = Vec::new();
        for module in &promotion.modules {
            let by = HeldBy {
                actor: promotion.meta.created_by.clone(),
                at: now,
                rollback: Some(promotion.id),
            };
            held.extend(environment.hold(Some(module), &reason, None, by));
        }
        if !held.is_empty() {
            environment.meta.touch(ctx, now);
            store::update_environment(tx, &mut environment).await?;
        }
        for held in &held {
            events.push(announced(&environment.meta, held)?);
        }
        Ok(events)
    }
}

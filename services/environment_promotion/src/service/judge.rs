//! Judging the gates of a promotion, right before it runs.

use std::sync::Arc;

use sluice_kernel::{Ctx, Outcome};

use super::{ATTEMPTS, Promotions, Result, record::Saved, scene::Scene};
use crate::{
    EnvironmentPromotion, Override, PromotionError, PromotionStatus,
    model::{Failure, gates},
};

impl Promotions {
    /// Decides by the facts: the promotion runs, waits, or ends as it can never run. `false` when
    /// it waits for what it is known to wait for.
    pub(super) fn judge(
        &self,
        promotion: &mut EnvironmentPromotion,
        scene: &Scene,
    ) -> Result<bool> {
        let now = self.store.clock().now();
        let before = promotion.overridden.clone();
        let blockers = promotion.pass_overridden(scene.blockers(now));
        if let Some(last) = gates::final_blocker(&blockers) {
            let failure = Failure {
                status: PromotionStatus::Failed,
                code: "PROMOTION_BLOCKED".to_owned(),
                reason: last.message.clone(),
            };
            promotion.blockers = blockers;
            promotion.end(failure, now);
            return Ok(true);
        }
        if !blockers.is_empty() {
            return Ok(promotion.wait(blockers) || promotion.overridden != before);
        }
        match scene.content() {
            Ok((items, repository)) => promotion.run(items, repository, now),
            Err(error) => {
                let failure = Failure {
                    status: PromotionStatus::Failed,
                    code: sluice_kernel::Fault::code(&error).to_string(),
                    reason: error.to_string(),
                };
                promotion.end(failure, now);
            }
        }
        Ok(true)
    }

    /// Judges a promotion that waits, and runs it when its gates are open. `passing` overrides
    /// more than it was asked for with.
    pub(crate) async fn advance(
        &self,
        ctx: &Ctx,
        promotion: EnvironmentPromotion,
        passing: Option<&Override>,
    ) -> Result<Outcome<Arc<EnvironmentPromotion>>> {
        let mut promotion = promotion;
        for _ in 0..ATTEMPTS {
            if !promotion.status.is_waiting() {
                let driven = self.drive(promotion, false).await?;
                return Ok(Outcome::replayed(Arc::new(driven)));
            }
            let id = promotion.id;
            let mut is_new = false;
            if let Some(passing) = passing {
                is_new = add_override(&mut promotion, passing);
            }
            match self.advance_once(ctx, promotion, is_new).await {
                Ok(advanced) => {
                    let advanced = self.drive(advanced, true).await?;
                    return Ok(Outcome {
                        value: Arc::new(advanced),
                        replayed: !is_new,
                    });
                }
                Err(error) if error.is_race() => promotion = self.load(ctx, id).await?,
                Err(error) => return Err(error),
            }
        }
        Err(PromotionError::Contended)
    }

    async fn advance_once(
        &self,
        ctx: &Ctx,
        mut promotion: EnvironmentPromotion,
        changed: bool,
    ) -> Result<EnvironmentPromotion> {
        // Under the promotion's own trace, and with what the service itself may see.
        let own = self.own_ctx(&promotion);
        let environment = self
            .environments
            .load(&own, promotion.environment_id)
            .await?;
        let release = match self.release(&own, promotion.release_id).await {
            Ok(release) => release,
            Err(PromotionError::Missing { .. }) => return self.end_gone(&own, promotion).await,
            Err(error) => return Err(error),
        };
        let (kind, modules) = (promotion.kind, promotion.modules.clone());
        let scene = self.scene(&own, kind, environment, release, modules, Some(&promotion));
        let scene = scene.await?;
        if self.judge(&mut promotion, &scene)? || changed {
            let ctx = if changed { ctx } else { &own };
            return self.save_judged(ctx, promotion, &scene, Saved::Known).await;
        }
        Ok(promotion)
    }

    async fn end_gone(
        &self,
        ctx: &Ctx,
        promotion: EnvironmentPromotion,
    ) -> Result<EnvironmentPromotion> {
        let failure = Failure {
            status: PromotionStatus::Failed,
            code: "NOT_FOUND".to_owned(),
            reason: "the release does not exist any more".to_owned(),
        };
        self.record_failure(ctx, promotion, failure, None).await
    }

    /// The context in which the service goes on with a promotion by itself.
    pub(super) fn own_ctx(&self, promotion: &EnvironmentPromotion) -> Ctx {
        let ctx = promotion.meta.system_ctx(super::SERVICE);
        ctx.with_causation(promotion.caused_by)
    }
}

/// Adds what a person passes; `false` when it was passed before.
fn add_override(promotion: &mut EnvironmentPromotion, passing: &Override) -> bool {
    let known = promotion.overridden.as_ref();
    let has_all = known.is_some_and(|it| passing.codes.iter().all(|code| it.codes.contains(code)));
    if has_all {
        return false;
    }
    let mut added = passing.clone();
    for code in known.map(|it| it.codes.clone()).unwrap_or_default() {
        if !added.codes.contains(&code) {
            added.codes.push(code);
        }
    }
    promotion.overridden = Some(added);
    true
}

//! Cancelling promotions that wait.

use std::sync::Arc;

use sluice_kernel::{Ctx, Outcome};
use sluice_schema::Scope;

use super::{ATTEMPTS, Promotions, Result, announced};
use crate::{
    CancelPromotion, EnvironmentPromotion, PromotionError, PromotionStatus, model::Failure, store,
};

const COMMAND: &str = "cancelPromotion";

impl Promotions {
    /// Ends a promotion that waits.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `FAILED_PRECONDITION` when it does not wait any
    /// more.
    pub async fn cancel(
        &self,
        ctx: &Ctx,
        command: CancelPromotion,
    ) -> Result<Outcome<Arc<EnvironmentPromotion>>> {
        ctx.require(Scope::PromotionsWrite)?;
        command.validate()?;
        for _ in 0..ATTEMPTS {
            let recalled = self.store.recall(ctx, COMMAND).await?.is_some();
            let promotion = self.load(ctx, command.promotion_id).await?;
            if recalled || promotion.status == PromotionStatus::Cancelled {
                return Ok(Outcome::replayed(Arc::new(promotion)));
            }
            if !promotion.status.is_waiting() {
                let status = promotion.status.as_str();
                return Err(PromotionError::NotWaiting { status });
            }
            match self.end_waiting(ctx, promotion, &command.reason).await {
                Err(error) if error.is_race() => {}
                done => return done,
            }
        }
        Err(PromotionError::Contended)
    }

    async fn end_waiting(
        &self,
        ctx: &Ctx,
        mut promotion: EnvironmentPromotion,
        reason: &str,
    ) -> Result<Outcome<Arc<EnvironmentPromotion>>> {
        let now = self.store.clock().now();
        let failure = Failure {
            status: PromotionStatus::Cancelled,
            code: PromotionStatus::Cancelled.as_str().to_owned(),
            reason: reason.to_owned(),
        };
        promotion.end(failure, now);
        promotion.meta.touch(ctx, now);
        let event = announced(&promotion.meta, &promotion.failed_event())?;
        let tx = self.store.begin(ctx).await?;
        store::update_promotion(&tx, &mut promotion).await?;
        tx.remember(COMMAND, &promotion.id.to_string()).await?;
        tx.commit([event]).await?;
        Ok(Outcome::done(Arc::new(promotion)))
    }
}

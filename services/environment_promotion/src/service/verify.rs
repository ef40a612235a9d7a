//! Verifying that targets hold what Git declares.

use std::sync::Arc;

use sluice_kernel::{AnyFault, Ctx, directory::SyncView};
use sluice_schema::{EventId, events::GitOpsSyncFailed};

use super::{ATTEMPTS, Promotions, Result};
use crate::{
    EnvironmentPromotion, PromotionError, PromotionItem, PromotionStatus, model::Failure, store,
};

impl Promotions {
    /// Looks whether the targets hold what the promotion declares: it succeeds when they do and
    /// are healthy, and fails when its time is over.
    pub(crate) async fn verify(
        &self,
        promotion: EnvironmentPromotion,
        delivery: Option<EventId>,
    ) -> Result<EnvironmentPromotion> {
        let ctx = self.own_ctx(&promotion);
        let mut promotion = promotion;
        for _ in 0..ATTEMPTS {
            if promotion.status != PromotionStatus::Verifying {
                return Ok(promotion);
            }
            let missing = self.missing(&ctx, &promotion).await?;
            let now = self.store.clock().now();
            let id = promotion.id;
            let recorded = match missing {
                None => self.record_success(&ctx, promotion, delivery).await,
                Some(missing) if promotion.verify_until.is_some_and(|until| until <= now) => {
                    let failure = Failure {
                        status: PromotionStatus::Failed,
                        code: "DEADLINE_EXCEEDED".to_owned(),
                        reason: format!("not synchronised and healthy in time: {missing}"),
                    };
                    self.record_failure(&ctx, promotion, failure, delivery)
                        .await
                }
                Some(_) => return Ok(promotion),
            };
            match recorded {
                Err(error) if error.is_race() => promotion = self.load(&ctx, id).await?,
                done => return done,
            }
        }
        Err(PromotionError::Contended)
    }

    /// What is missing for success; `None` when nothing is.
    async fn missing(&self, ctx: &Ctx, promotion: &EnvironmentPromotion) -> Result<Option<String>> {
        let syncs = self
            .neighbours
            .syncs
            .syncs(ctx, promotion.environment_id)
            .await;
        let syncs = syncs.map_err(AnyFault)?;
        for item in &promotion.items {
            let sync = syncs.iter().find(|sync| sync.module == item.module);
            if let Some(missing) = self.missing_of(ctx, promotion, item, sync).await? {
                return Ok(Some(missing));
            }
        }
        Ok(None)
    }

    async fn missing_of(
        &self,
        ctx: &Ctx,
        promotion: &EnvironmentPromotion,
        item: &PromotionItem,
        sync: Option<&SyncView>,
    ) -> Result<Option<String>> {
        let module = &item.module;
        let Some(sync) = sync else {
            return Ok(Some(format!("nothing is known of the target of {module}")));
        };
        if sync.sync != "SYNCED" || sync.health != "HEALTHY" {
            let why = sync.reason.as_ref();
            let why = why.map_or_else(String::new, |reason| format!(": {reason}"));
            let (state, health) = (&sync.sync, &sync.health);
            return Ok(Some(format!("{module} is {state} and {health}{why}")));
        }
        if sync.manifest_digest.as_ref() == Some(&item.manifest_digest) {
            return Ok(None);
        }
        // The target may name its content otherwise; then the commit that it applied tells.
        let same = match (&sync.revision, &promotion.commit_sha) {
            (Some(applied), Some(declared)) => {
                let commits = (applied.as_str(), declared.as_str());
                self.is_same_content(ctx, promotion, item, commits).await?
            }
            _ => false,
        };
        Ok((!same).then(|| format!("the target of {module} holds something else")))
    }

    /// A target reported what it holds: the promotion that waits for it is looked at.
    pub(crate) async fn look(
        &self,
        ctx: &Ctx,
        delivery: EventId,
        (environment, module): (sluice_schema::EnvironmentId, &str),
    ) -> Result<()> {
        if let Some(promotion) = self.active(ctx, environment, module).await? {
            self.verify(promotion, Some(delivery)).await?;
        }
        Ok(())
    }

    /// A target will not get what is declared: the promotion that declared it fails.
    pub(crate) async fn sync_failed(
        &self,
        ctx: &Ctx,
        delivery: EventId,
        failed: &GitOpsSyncFailed,
    ) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let active = self
                .active(ctx, failed.environment_id, &failed.module)
                .await?;
            let Some(promotion) = active else {
                return Ok(());
            };
            let is_its = match failed.promotion_id {
                Some(id) => id == promotion.id,
                None => promotion.commit_sha.as_ref() == Some(&failed.revision),
            };
            if promotion.status != PromotionStatus::Verifying || !is_its {
                return Ok(());
            }
            let failure = Failure {
                status: PromotionStatus::Failed,
                code: failed.code.clone(),
                reason: format!("{} was not synchronised: {}", failed.module, failed.reason),
            };
            let own = self.own_ctx(&promotion);
            match self
                .record_failure(&own, promotion, failure, Some(delivery))
                .await
            {
                Err(error) if error.is_race() => {}
                done => return done.map(|_| ()),
            }
        }
        Err(PromotionError::Contended)
    }

    async fn active(
        &self,
        ctx: &Ctx,
        environment: sluice_schema::EnvironmentId,
        module: &str,
    ) -> Result<Option<EnvironmentPromotion>> {
        let modules = [module.to_owned()];
        let slots = store::slots_of(&self.store, ctx, environment, &modules).await?;
        match slots.first().and_then(|slot| slot.active) {
            Some(id) => Ok(Some(self.load(ctx, id).await?)),
            None => Ok(None),
        }
    }

    /// Goes on with a promotion that has not ended, wherever it stands.
    pub(crate) async fn go_on(
        &self,
        promotion: EnvironmentPromotion,
    ) -> Result<Arc<EnvironmentPromotion>> {
        let ctx = self.own_ctx(&promotion);
        match promotion.status {
            PromotionStatus::Verifying => Ok(Arc::new(self.verify(promotion, None).await?)),
            _ => Ok(self.advance(&ctx, promotion, None).await?.value),
        }
    }
}

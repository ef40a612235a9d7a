//! Saving what was decided of a promotion, with its modules' places and its events.

use sluice_kernel::{Ctx, Meta};
use sluice_schema::{EventId, NewEvent, PromotionId};
use sluice_store::Tx;

use super::{Promotions, Result, SERVICE, announced, lost, scene::Scene};
use crate::{
    EnvironmentPromotion, PromotionStatus,
    model::{Failure, Slot, slot_id},
    store::{self, EnvironmentList, PromotionList},
};

/// How a promotion that was judged is saved.
pub(super) enum Saved<'a> {
    /// It is new: made by this command, or by a reaction.
    New(Option<&'a str>),
    /// It waited.
    Known,
}

impl Promotions {
    /// Saves a promotion as it was judged in `scene`; one that runs takes its modules' places.
    /// A race when anything that was judged changed since.
    pub(super) async fn save_judged(
        &self,
        ctx: &Ctx,
        mut promotion: EnvironmentPromotion,
        scene: &Scene,
        how: Saved<'_>,
    ) -> Result<EnvironmentPromotion> {
        let now = self.store.clock().now();
        let mut events = Vec::new();
        let tx = self.store.begin(ctx).await?;
        let environment = tx
            .list::<EnvironmentList>()
            .by_id(scene.environment.id)
            .await?;
        let seen = scene.environment.meta.version;
        if environment.is_none_or(|it| it.meta.version != seen) {
            return Err(lost("Environment", scene.environment.id));
        }
        match how {
            Saved::New(command) => {
                store::insert_promotion(&tx, &promotion).await?;
                events.push(announced(&promotion.meta, &promotion.request_event())?);
                let giving_way = scene.giving_way.clone();
                events.extend(self.give_way(&tx, giving_way, promotion.id).await?);
                if let Some(command) = command {
                    tx.remember(command, &promotion.id.to_string()).await?;
                }
            }
            Saved::Known => {
                promotion.meta.touch(ctx, now);
                store::update_promotion(&tx, &mut promotion).await?;
            }
        }
        if promotion.status.is_active() {
            take_places(&tx, &promotion, &scene.slots).await?;
        } else if !promotion.status.is_waiting() {
            events.push(announced(&promotion.meta, &promotion.failed_event())?);
        }
        tx.commit(events).await?;
        Ok(promotion)
    }

    /// Ends promotions that wait, for a newer one.
    pub(super) async fn give_way(
        &self,
        tx: &Tx,
        waiting: Vec<EnvironmentPromotion>,
        newer: PromotionId,
    ) -> Result<Vec<NewEvent>> {
        let now = self.store.clock().now();
        let mut events = Vec::new();
        for mut promotion in waiting {
            let failure = Failure {
                status: PromotionStatus::Superseded,
                code: PromotionStatus::Superseded.as_str().to_owned(),
                reason: format!("{newer} was asked for while it waited"),
            };
            promotion.end(failure, now);
            promotion.meta.touch(tx.ctx(), now);
            store::update_promotion(tx, &mut promotion).await?;
            events.push(announced(&promotion.meta, &promotion.failed_event())?);
        }
        Ok(events)
    }

    /// Git declares it: its outcome, and what a rollback leaves and holds, in one commit.
    pub(super) async fn record_declared(
        &self,
        ctx: &Ctx,
        mut promotion: EnvironmentPromotion,
        (branch, commit): (&str, &str),
    ) -> Result<EnvironmentPromotion> {
        let now = self.store.clock().now();
        let environment = self
            .environments
            .load(ctx, promotion.environment_id)
            .await?;
        let minutes = environment.spec.gates.verification_timeout_minutes;
        let timeout = chrono::TimeDelta::minutes(minutes.into());
        let tx = self.store.begin(ctx).await?;
        let slots = store::slots_of_in(&tx, environment.id, &promotion.modules).await?;
        let previous = slots.iter().find_map(|slot| slot.declared);
        for mut slot in slots {
            if slot.active != Some(promotion.id) {
                return Err(lost("PromotionSlot", slot.id));
            }
            slot.declared = Some(promotion.id);
            slot.meta.touch(ctx, now);
            store::put_slot(&tx, &slot).await?;
        }
        promotion.declared(branch, commit, previous, timeout, now);
        promotion.meta.touch(ctx, now);
        store::update_promotion(&tx, &mut promotion).await?;
        let mut events = Vec::new();
        if let Some(event) = promotion.promoted_event() {
            events.push(announced(&promotion.meta, &event)?);
        }
        events.extend(self.leave(&tx, &promotion, environment).await?);
        tx.commit(events).await?;
        Ok(promotion)
    }

    /// It ended without success; its modules' places are free.
    pub(super) async fn record_failure(
        &self,
        ctx: &Ctx,
        promotion: EnvironmentPromotion,
        failure: Failure,
        delivery: Option<EventId>,
    ) -> Result<EnvironmentPromotion> {
        let now = self.store.clock().now();
        let mut promotion = promotion;
        promotion.end(failure, now);
        let event = announced(&promotion.meta, &promotion.failed_event())?;
        self.finish(ctx, promotion, event, delivery).await
    }

    /// The target holds it and is healthy; its modules' places are free.
    pub(super) async fn record_success(
        &self,
        ctx: &Ctx,
        mut promotion: EnvironmentPromotion,
        delivery: Option<EventId>,
    ) -> Result<EnvironmentPromotion> {
        promotion.succeed(self.store.clock().now());
        let event = promotion.succeeded_event();
        let event = event.ok_or_else(|| lost("EnvironmentPromotion", promotion.id))?;
        let event = announced(&promotion.meta, &event)?;
        self.finish(ctx, promotion, event, delivery).await
    }

    async fn finish(
        &self,
        ctx: &Ctx,
        mut promotion: EnvironmentPromotion,
        event: NewEvent,
        delivery: Option<EventId>,
    ) -> Result<EnvironmentPromotion> {
        let now = self.store.clock().now();
        let tx = self.store.begin(ctx).await?;
        if let Some(delivery) = delivery
            && !tx.first_delivery(SERVICE, delivery).await?
        {
            return self.load(ctx, promotion.id).await;
        }
        promotion.meta.touch(ctx, now);
        store::update_promotion(&tx, &mut promotion).await?;
        for mut slot in
            store::slots_of_in(&tx, promotion.environment_id, &promotion.modules).await?
        {
            if slot.active == Some(promotion.id) {
                slot.active = None;
                slot.meta.touch(ctx, now);
                store::put_slot(&tx, &slot).await?;
            }
        }
        tx.commit([event]).await?;
        Ok(promotion)
    }
}

/// Gives the promotion its modules' places, as they were when it was judged.
async fn take_places(tx: &Tx, promotion: &EnvironmentPromotion, slots: &[Slot]) -> Result<()> {
    for module in &promotion.modules {
        let known = slots.iter().find(|slot| slot.module == *module).cloned();
        let mut slot = known.unwrap_or_else(|| new_place(promotion, module));
        slot.active = Some(promotion.id);
        slot.meta.touch(tx.ctx(), promotion.meta.updated_at);
        store::put_slot(tx, &slot).await?;
    }
    Ok(())
}

fn new_place(promotion: &EnvironmentPromotion, module: &str) -> Slot {
    Slot {
        id: slot_id(promotion.environment_id, module),
        meta: Meta {
            version: 0,
            module_id: None,
            ..promotion.meta.clone()
        },
        environment_id: promotion.environment_id,
        module: module.to_owned(),
        active: None,
        declared: None,
    }
}

impl Promotions {
    /// The promotion in the transaction.
    pub(super) async fn load_in(
        &self,
        tx: &Tx,
        id: PromotionId,
    ) -> Result<Option<EnvironmentPromotion>> {
        Ok(tx.list::<PromotionList>().by_id(id).await?)
    }
}

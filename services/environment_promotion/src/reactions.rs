//! What the service does without a caller: environments promote by themselves, targets report
//! what they hold, and what waits, runs or is verified goes on.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use sluice_kernel::{BoxFault, Ctx, Reaction, ReactionError, Reconciler};
use sluice_schema::{
    Envelope, EventPayload, PromotionId,
    events::{DeploymentManifestRendered, GitOpsSyncFailed, GitOpsSynced},
};

use crate::{
    EnvironmentPromotion, Environments, PromotionError, PromotionStatus, Promotions,
    service::SERVICE, store,
};

const BATCH: u64 = 200;
/// How often a reaction looks again before it leaves the event to the bus's back-off.
const ATTEMPTS: usize = 8;
/// How long whoever began to run a promotion is left alone with it.
const GRACE: TimeDelta = TimeDelta::seconds(5);
/// How often the gates of a promotion that waits are looked at.
const WAIT: TimeDelta = TimeDelta::seconds(2);

/// Follows what is rendered and what targets hold.
pub struct Reactions(pub Promotions);

#[async_trait]
impl Reaction for Reactions {
    fn consumer(&self) -> &'static str {
        SERVICE
    }

    fn event_types(&self) -> &'static [&'static str] {
        &[
            DeploymentManifestRendered::TYPE,
            GitOpsSynced::TYPE,
            GitOpsSyncFailed::TYPE,
        ]
    }

    async fn handle(&self, ctx: &Ctx, event: &Envelope) -> Result<(), ReactionError> {
        self.react(ctx, event).await
    }
}

impl Reactions {
    async fn react(&self, ctx: &Ctx, event: &Envelope) -> Result<(), ReactionError> {
        let id = event.event_id;
        let done = if let Some(rendered) = event.decode::<DeploymentManifestRendered>()? {
            self.rendered(ctx, event, &rendered).await
        } else if let Some(synced) = event.decode::<GitOpsSynced>()? {
            match synced.health.as_str() {
                "HEALTHY" => {
                    self.0
                        .look(ctx, id, (synced.environment_id, &synced.module))
                        .await
                }
                _ => Ok(()),
            }
        } else if let Some(failed) = event.decode::<GitOpsSyncFailed>()? {
            match failed.retrying {
                true => Ok(()),
                false => self.0.sync_failed(ctx, id, &failed).await,
            }
        } else {
            Ok(())
        };
        done.map_err(|error| BoxFault::from(error).into())
    }

    async fn rendered(
        &self,
        ctx: &Ctx,
        event: &Envelope,
        rendered: &DeploymentManifestRendered,
    ) -> Result<(), PromotionError> {
        for _ in 0..ATTEMPTS {
            match self.0.ask_by_itself(ctx, event.event_id, rendered).await {
                Err(error) if error.is_race() => {}
                done => return done,
            }
        }
        Err(PromotionError::Contended)
    }
}

#[derive(Default)]
struct Round {
    /// Where the last round ended.
    after: Option<PromotionId>,
    /// When the gates of those that wait were looked at.
    looked: HashMap<PromotionId, DateTime<Utc>>,
}

/// Goes on with promotions that wait, run or are verified.
pub struct Recovery {
    promotions: Promotions,
    round: Mutex<Round>,
}

impl Recovery {
    /// A loop over the service's promotions.
    pub fn new(promotions: Promotions) -> Self {
        Self {
            promotions,
            round: Mutex::default(),
        }
    }

    /// Whether it is time to look at the promotion.
    fn is_due(&self, promotion: &EnvironmentPromotion, now: DateTime<Utc>) -> bool {
        match promotion.status {
            PromotionStatus::Running => promotion.meta.updated_at + GRACE <= now,
            PromotionStatus::Gated => {
                let mut round = self.round.lock().unwrap_or_else(PoisonError::into_inner);
                let last = round.looked.get(&promotion.id).copied();
                let opens = promotion.blockers.iter().filter_map(|it| it.until).min();
                // A gate that opens at a known time is looked at right then.
                let opened = opens.is_some_and(|at| at <= now && last.is_none_or(|last| last < at));
                let due = opened || last.is_none_or(|last| last + WAIT <= now);
                if due {
                    round.looked.insert(promotion.id, now);
                }
                due
            }
            _ => true,
        }
    }

    fn begin(&self) -> Option<PromotionId> {
        let round = self.round.lock().unwrap_or_else(PoisonError::into_inner);
        round.after
    }

    /// Notes where the round ended, and forgets what has not been looked at for long.
    fn end(&self, open: &[EnvironmentPromotion], now: DateTime<Utc>) {
        let mut round = self.round.lock().unwrap_or_else(PoisonError::into_inner);
        let full = u64::try_from(open.len()).is_ok_and(|count| count >= BATCH);
        round.after = open.last().map(|it| it.id).filter(|_| full);
        round.looked.retain(|_, at| *at + GRACE * 12 > now);
    }
}

#[async_trait]
impl Reconciler for Recovery {
    fn name(&self) -> &'static str {
        "environment_promotion.promotions"
    }

    // Gates open by time, and people wait for the promotion behind them.
    fn period(&self) -> std::time::Duration {
        std::time::Duration::from_secs(1)
    }

    async fn reconcile(&self) -> Result<usize, BoxFault> {
        let store = self.promotions.store();
        let now = store.clock().now();
        let open = store::open_everywhere(store, self.begin(), BATCH).await?;
        self.end(&open, now);
        let mut touched = 0;
        let mut failed: Option<PromotionError> = None;
        for promotion in open {
            if !self.is_due(&promotion, now) {
                continue;
            }
            let (id, version) = (promotion.id, promotion.meta.version);
            // One that cannot go on must not keep the others from it.
            match self.promotions.go_on(promotion).await {
                Ok(after) if after.meta.version != version => touched += 1,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(promotion = %id, %error, "a promotion does not go on");
                    failed = Some(error);
                }
            }
        }
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(touched),
        }
    }
}

/// Ends holds whose time is over.
pub struct HoldExpiry(pub Environments);

#[async_trait]
impl Reconciler for HoldExpiry {
    fn name(&self) -> &'static str {
        "environment_promotion.holds"
    }

    async fn reconcile(&self) -> Result<usize, BoxFault> {
        let store = self.0.store();
        let ended = store::with_ended_holds(store, store.clock().now(), BATCH).await?;
        let count = ended.len();
        for environment in ended {
            let ctx = environment.meta.system_ctx(SERVICE);
            self.0.end_expired_holds(&ctx, environment.id).await?;
        }
        Ok(count)
    }
}

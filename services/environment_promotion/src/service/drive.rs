//! Driving a promotion that runs to where Git declares it.

use chrono::{DateTime, TimeDelta, Utc};
use sluice_kernel::{AnyFault, Ctx, Fault};
use sluice_schema::ErrorClass;

use super::{ATTEMPTS, Promotions, Result};
use crate::{EnvironmentPromotion, PromotionError, PromotionKind, PromotionStatus, model::Failure};

/// How long a promotion may meet failures of the system before it ends.
const PATIENCE: TimeDelta = TimeDelta::minutes(15);

enum Step {
    Declared { branch: String, commit: String },
    Refused(Failure),
    NotYet(&'static str),
}

impl Promotions {
    /// Acts on the intent and records the outcome; whoever finds a promotion that runs helps to
    /// finish it, and exactly one of the helpers announces it. What is not done yet, or fails for
    /// a moment, is left to the recovery loop. `fresh`: nobody else can have begun.
    pub(crate) async fn drive(
        &self,
        promotion: EnvironmentPromotion,
        fresh: bool,
    ) -> Result<EnvironmentPromotion> {
        let ctx = self.own_ctx(&promotion);
        let (mut promotion, mut fresh) = (promotion, fresh);
        for _ in 0..ATTEMPTS {
            if promotion.status != PromotionStatus::Running {
                return Ok(promotion);
            }
            let (id, kept) = (promotion.id, promotion.clone());
            let step = self.step(&ctx, &promotion, fresh).await;
            let recorded = match self.verdict(step, &promotion) {
                Step::Declared { branch, commit } => {
                    self.record_declared(&ctx, promotion, (&branch, &commit))
                        .await
                }
                Step::Refused(failure) => self.record_failure(&ctx, promotion, failure, None).await,
                Step::NotYet(why) => {
                    tracing::info!(promotion = %id, why, "a promotion runs on");
                    return Ok(promotion);
                }
            };
            match recorded {
                Ok(recorded) => return Ok(recorded),
                Err(error) if error.is_race() => promotion = self.load(&ctx, id).await?,
                // The intent is kept: whoever comes next finds what took place.
                Err(error) => {
                    tracing::warn!(promotion = %id, %error, "the outcome is not recorded yet");
                    return Ok(kept);
                }
            }
            fresh = false;
        }
        Err(PromotionError::Contended)
    }

    async fn step(&self, ctx: &Ctx, promotion: &EnvironmentPromotion, fresh: bool) -> Result<Step> {
        // What landed before a crash is declared, whatever became of the release since.
        if !fresh && let Some((branch, commit)) = self.declared_before(ctx, promotion).await? {
            return Ok(Step::Declared { branch, commit });
        }
        if promotion.kind == PromotionKind::Promotion
            && let Some(step) = self.provision(ctx, promotion).await?
        {
            return Ok(step);
        }
        let (branch, commit) = self.declare(ctx, promotion, fresh).await?;
        Ok(Step::Declared { branch, commit })
    }

    /// Provisions what the release declares; `None` when it is there.
    async fn provision(&self, ctx: &Ctx, promotion: &EnvironmentPromotion) -> Result<Option<Step>> {
        let (release, environment) = (promotion.release_id, promotion.environment_id);
        let infrastructure = &self.neighbours.infrastructure;
        let plans = infrastructure.provision(ctx, release, environment).await;
        let plans = plans.map_err(AnyFault)?;
        if let Some(failed) = plans.iter().find(|plan| plan.status == "FAILED") {
            let why = failed.reason.as_deref().unwrap_or("no reason is known");
            let reason = format!("the infrastructure of {} failed: {why}", failed.module);
            return Ok(Some(Step::Refused(Failure {
                status: PromotionStatus::Failed,
                code: "FAILED_PRECONDITION".to_owned(),
                reason,
            })));
        }
        let pending = ["PLANNING", "PLANNED", "APPLYING", "STALE"];
        let waits = plans
            .iter()
            .any(|plan| pending.contains(&plan.status.as_str()));
        Ok(waits.then_some(Step::NotYet("its infrastructure is being provisioned")))
    }

    /// What a step comes to: refusals end the promotion, failures of the system do so when they
    /// last.
    fn verdict(&self, step: Result<Step>, promotion: &EnvironmentPromotion) -> Step {
        let late = is_late(promotion, self.store.clock().now());
        match step {
            Ok(Step::NotYet(why)) if late => Step::Refused(Failure {
                status: PromotionStatus::Errored,
                code: "DEADLINE_EXCEEDED".to_owned(),
                reason: format!("{why}, for longer than {} minutes", PATIENCE.num_minutes()),
            }),
            Ok(step) => step,
            Err(error) => {
                let code = error.code();
                let passes = code.retryable() || code.class() == ErrorClass::System;
                if passes && !late {
                    tracing::warn!(promotion = %promotion.id, %error, "a promotion met a failure");
                    return Step::NotYet("something failed for the moment");
                }
                let technical = code.class() == ErrorClass::System
                    || matches!(error, PromotionError::Git(_) | PromotionError::Store(_));
                Step::Refused(Failure {
                    status: match technical {
                        true => PromotionStatus::Errored,
                        false => PromotionStatus::Failed,
                    },
                    code: code.to_string(),
                    reason: sluice_schema::public_message(&error),
                })
            }
        }
    }
}

fn is_late(promotion: &EnvironmentPromotion, now: DateTime<Utc>) -> bool {
    promotion
        .started_at
        .is_some_and(|start| start + PATIENCE <= now)
}

//! Carrying plans out.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use sluice_infrastructure_engine::{Applied, EngineError, EngineEvent, EventSink};
use sluice_kernel::{Ctx, Fault, Outcome};
use sluice_schema::ErrorCode;

use super::{Infrastructures, NONE, Result, Saved, targets::Target};
use crate::{
    InfrastructureError, InfrastructureOperation, InfrastructurePlan, InfrastructureStatus,
};

/// Times that a plan which became stale under way is made anew.
const REPLANS: u32 = 3;

/// Events that are kept of one provisioning.
const MAX_EVENTS: usize = 1_000;

/// Keeps the last events of an operation.
#[derive(Default)]
struct Collector(Mutex<VecDeque<EngineEvent>>);

impl EventSink for Collector {
    fn event(&self, event: &EngineEvent) {
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() == MAX_EVENTS {
            events.pop_front();
        }
        events.push_back(event.clone());
    }
}

impl Collector {
    fn json(&self) -> Result<String> {
        let events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(serde_json::to_string(&*events)?)
    }
}

impl Infrastructures {
    /// Plans a target and carries that out; again when the stack changed in between.
    pub(crate) async fn provision_target(
        &self,
        ctx: &Ctx,
        target: &Target,
        command: Option<&str>,
    ) -> Result<Outcome<Arc<InfrastructurePlan>>> {
        let mut tries = REPLANS;
        loop {
            tries -= 1;
            let (plan, _) = self.plan_one(ctx, target, None).await?;
            match self.carry_out(ctx, plan, command).await {
                Err(InfrastructureError::Stale(_)) if tries > 0 => {}
                done => return done,
            }
        }
    }

    /// Carries a plan out as it stands. Exactly one caller begins it; others help it to its end.
    pub(crate) async fn carry_out(
        &self,
        ctx: &Ctx,
        mut plan: InfrastructurePlan,
        command: Option<&str>,
    ) -> Result<Outcome<Arc<InfrastructurePlan>>> {
        let mut began = false;
        loop {
            match plan.status {
                InfrastructureStatus::Planning => {
                    plan = self.finish_planning(ctx, plan, None).await?;
                }
                InfrastructureStatus::Planned => {
                    refuse_protected(&plan)?;
                    plan.begin();
                    let saved = command.map_or(Saved::Plan, Saved::For);
                    began |= self.save(ctx, &mut plan, NONE, saved).await?;
                }
                InfrastructureStatus::Applying => {
                    plan = self.finish_applying(ctx, plan).await?;
                    return answered(plan, began);
                }
                _ => return answered(plan, began),
            }
        }
    }

    /// Brings a plan to its end, also when the caller goes away meanwhile.
    pub(crate) async fn finish_applying(
        &self,
        ctx: &Ctx,
        plan: InfrastructurePlan,
    ) -> Result<InfrastructurePlan> {
        let (service, ctx) = (self.clone(), ctx.clone());
        tokio::spawn(async move { service.apply(&ctx, plan).await }).await?
    }

    async fn apply(&self, ctx: &Ctx, mut plan: InfrastructurePlan) -> Result<InfrastructurePlan> {
        let collector = Arc::new(Collector::default());
        match self.act(ctx, &plan, collector.clone()).await {
            Ok(applied) => self.record(ctx, plan, applied, &collector).await,
            // Another process is at it, and will record what comes of it.
            Err(InfrastructureError::Engine(EngineError::Locked)) => Ok(plan),
            Err(error) if error.is_passing() => Err(error),
            Err(InfrastructureError::Engine(EngineError::Stale { cause })) => {
                if plan.outdated(&cause.to_string(), self.store.clock().now()) {
                    self.save(ctx, &mut plan, NONE, Saved::Plan).await?;
                }
                Ok(plan)
            }
            Err(error) => {
                let now = self.store.clock().now();
                let event = plan.failed(error.code(), &error.in_words(), None, now);
                self.save(ctx, &mut plan, event.as_ref(), Saved::Plan)
                    .await?;
                Err(error)
            }
        }
    }

    async fn act(
        &self,
        ctx: &Ctx,
        plan: &InfrastructurePlan,
        collector: Arc<Collector>,
    ) -> Result<Applied> {
        let Some(steps) = &plan.plan else {
            return Err(InfrastructureError::Ended {
                status: plan.status.as_str(),
                reason: Some("it holds no steps".to_owned()),
            });
        };
        let program = match plan.operation {
            InfrastructureOperation::Provision => Some(self.program_of(ctx, plan).await?),
            InfrastructureOperation::Destroy => None,
        };
        let engine = &self.ports.engine;
        Ok(engine.apply(steps, program.as_ref(), collector).await?)
    }

    async fn record(
        &self,
        ctx: &Ctx,
        mut plan: InfrastructurePlan,
        applied: Applied,
        collector: &Collector,
    ) -> Result<InfrastructurePlan> {
        let saved = Saved::WithLog(collector.json()?);
        let outcome = &applied.outcome;
        match &outcome.failure {
            None => {
                let event = plan.provisioned(outcome, applied.outputs);
                self.save(ctx, &mut plan, event.as_ref(), saved).await?;
            }
            Some(failure) => {
                let code = match failure.retryable {
                    true => ErrorCode::Unavailable,
                    false => ErrorCode::FailedPrecondition,
                };
                let urn = Some(failure.urn.clone());
                plan.state_serial = outcome.serial;
                let event = plan.failed(code, &failure.message, urn, outcome.finished_at);
                self.save(ctx, &mut plan, event.as_ref(), saved).await?;
            }
        }
        Ok(plan)
    }
}

/// Refuses what the engine would refuse, before anything is on record.
pub(super) fn refuse_protected(plan: &InfrastructurePlan) -> Result<()> {
    let urns = plan.plan.as_ref().map(|plan| plan.protected());
    match urns.unwrap_or_default() {
        urns if urns.is_empty() => Ok(()),
        urns => Err(EngineError::Protected { urns }.into()),
    }
}

/// What a plan that ended, or that somebody else is at, answers.
pub(super) fn answered(
    plan: InfrastructurePlan,
    began: bool,
) -> Result<Outcome<Arc<InfrastructurePlan>>> {
    match plan.status {
        InfrastructureStatus::Stale => {
            let reason = plan
                .reason
                .unwrap_or_else(|| "something changed".to_owned());
            Err(InfrastructureError::Stale(reason))
        }
        InfrastructureStatus::Failed if began => Err(InfrastructureError::StepFailed {
            reason: plan.reason.unwrap_or_default(),
        }),
        InfrastructureStatus::Failed => Err(InfrastructureError::Ended {
            status: plan.status.as_str(),
            reason: plan.reason,
        }),
        _ => Ok(Outcome {
            value: Arc::new(plan),
            replayed: !began,
        }),
    }
}

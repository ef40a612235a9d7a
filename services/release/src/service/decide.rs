//! Approving, rejecting, cancelling.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sluice_kernel::{Ctx, Meta, Outcome, ProjectPolicies, directory::EnvironmentView};
use sluice_schema::{ApprovalId, EventPayload, ReleaseId, Scope, TypedId};
use sluice_store::Tx;

use super::{ATTEMPTS, Releases, Result, announced, is_race};
use crate::{
    ApprovalDecision, ApprovalState, ApproveRelease, CancelRelease, RejectRelease, ReleaseApproval,
    ReleaseError, ReleasePlan,
    model::is_one,
    store::{self, approvals},
};

const APPROVE: &str = "approveRelease";
const REJECT: &str = "rejectRelease";
const CANCEL: &str = "cancelRelease";

impl Releases {
    /// Lets a release go on, as far as the caller is concerned; once as many people did as the
    /// project demands, it is approved. The same person again changes nothing.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `FAILED_PRECONDITION` while artifacts are
    /// missing and after the end, `CONFLICT` when the release covers something else than the
    /// caller saw, `APPROVER_NOT_ELIGIBLE`, `LIMIT_EXCEEDED` with 100 approvals.
    pub async fn approve(
        &self,
        ctx: &Ctx,
        command: ApproveRelease,
    ) -> Result<Outcome<Arc<ReleasePlan>>> {
        ctx.require(Scope::ReleasesApprove)?;
        command.validate()?;
        for _ in 0..ATTEMPTS {
            if let Some(release) = self.recalled(ctx, APPROVE).await? {
                return Ok(Outcome::replayed(release));
            }
            let release = self.load(ctx, command.release_id).await?;
            let project = &release.meta.project_id;
            let policies = self.policies(ctx, project).await?;
            let environments = self.environments(ctx, project).await?;
            let tried = self.try_approve(ctx, &command, &policies, &environments);
            match tried.await {
                Err(error) if is_race(&error) => {}
                done => return done,
            }
        }
        Err(ReleaseError::Contended)
    }

    // Every approval saves the release too, so that of two at once one counts the other.
    async fn try_approve(
        &self,
        ctx: &Ctx,
        command: &ApproveRelease,
        policies: &ProjectPolicies,
        environments: &[EnvironmentView],
    ) -> Result<Outcome<Arc<ReleasePlan>>> {
        let now = self.store().clock().now();
        let tx = self.store().begin(ctx).await?;
        let release = store::find_in(&tx, command.release_id).await?;
        let mut release = release.ok_or(ReleaseError::NotFound)?;
        let mut events = self.expire_in(&tx, &mut release, now).await?;
        let effect = release.retarget(environments, now);
        events.extend(self.absorb(&tx, &mut release, &effect).await?);
        let seen = command.content_digest.as_deref();
        let mut valid = approvals::valid_in(&tx, release.id).await?;
        let own = &ctx.actor().id;
        let mine = valid.iter().any(|it| is_one(&it.approver, own));
        let is_seen = seen.is_none_or(|seen| seen == release.content_digest);
        if mine && release.status.is_open() && is_seen {
            return Ok(Outcome::replayed(Arc::new(release)));
        }
        release.ensure_approvable(policies, ctx.actor(), seen)?;
        if u64::try_from(valid.len()).unwrap_or(u64::MAX) >= approvals::MAX_VALID {
            return Err(ReleaseError::TooManyApprovals {
                limit: approvals::MAX_VALID,
            });
        }
        let approval = approval(ctx, &release, &command.reason, policies, now);
        approvals::insert(&tx, &approval).await?;
        valid.push(approval);
        if let Some(event) = release.count(&valid, policies.required_approvals, now) {
            events.push(announced(&release, &event)?);
        }
        release.meta.touch(ctx, now);
        store::update(&tx, &mut release).await?;
        tx.remember(APPROVE, &release.id.to_string()).await?;
        tx.commit(events).await?;
        Ok(Outcome::done(Arc::new(release)))
    }

    /// Ends a release by the caller's veto, also one that was approved.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `FAILED_PRECONDITION` when it has ended
    /// otherwise.
    pub async fn reject(
        &self,
        ctx: &Ctx,
        command: RejectRelease,
    ) -> Result<Outcome<Arc<ReleasePlan>>> {
        ctx.require(Scope::ReleasesApprove)?;
        command.validate()?;
        let id = ApprovalId::generate();
        let (by, reason) = (&ctx.actor().id, &command.reason);
        let veto = Some((id, reason.as_str()));
        self.end_by(ctx, REJECT, command.release_id, veto, |release| {
            release.reject(id, by, reason)
        })
        .await
    }

    /// Gives a release up.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `FAILED_PRECONDITION` when it was rejected.
    pub async fn cancel(
        &self,
        ctx: &Ctx,
        command: CancelRelease,
    ) -> Result<Outcome<Arc<ReleasePlan>>> {
        ctx.require(Scope::ReleasesPlan)?;
        command.validate()?;
        let (by, reason) = (&ctx.actor().id, command.reason.as_deref());
        self.end_by(ctx, CANCEL, command.release_id, None, |release| {
            release.cancel(by, reason)
        })
        .await
    }

    /// Reads, decides and saves in one transaction, again when another writer was first.
    async fn end_by<P: EventPayload + Send + Sync>(
        &self,
        ctx: &Ctx,
        command: &str,
        id: ReleaseId,
        veto: Option<(ApprovalId, &str)>,
        decision: impl Fn(&mut ReleasePlan) -> Result<Option<P>> + Send + Sync,
    ) -> Result<Outcome<Arc<ReleasePlan>>> {
        for _ in 0..ATTEMPTS {
            if let Some(release) = self.recalled(ctx, command).await? {
                return Ok(Outcome::replayed(release));
            }
            let tx = self.store().begin(ctx).await?;
            match self.try_end(tx, command, id, veto, &decision).await {
                Err(error) if is_race(&error) => {}
                done => return done,
            }
        }
        Err(ReleaseError::Contended)
    }

    async fn try_end<P: EventPayload + Send + Sync>(
        &self,
        tx: Tx,
        command: &str,
        id: ReleaseId,
        veto: Option<(ApprovalId, &str)>,
        decision: impl Fn(&mut ReleasePlan) -> Result<Option<P>> + Send + Sync,
    ) -> Result<Outcome<Arc<ReleasePlan>>> {
        let ctx = tx.ctx().clone();
        let now = self.store().clock().now();
        let release = store::find_in(&tx, id).await?;
        let mut release = release.ok_or(ReleaseError::NotFound)?;
        let Some(event) = decision(&mut release)? else {
            return Ok(Outcome::replayed(Arc::new(release)));
        };
        if let Some((id, reason)) = veto {
            let veto = ReleaseApproval {
                id,
                decision: ApprovalDecision::Rejected,
                expires_at: None,
                ..approval(&ctx, &release, reason, &ProjectPolicies::default(), now)
            };
            approvals::insert(&tx, &veto).await?;
        }
        release.meta.touch(&ctx, now);
        store::update(&tx, &mut release).await?;
        tx.remember(command, &release.id.to_string()).await?;
        let event = announced(&release, &event)?;
        tx.commit([event]).await?;
        Ok(Outcome::done(Arc::new(release)))
    }
}

fn approval(
    ctx: &Ctx,
    release: &ReleasePlan,
    reason: &str,
    policies: &ProjectPolicies,
    now: DateTime<Utc>,
) -> ReleaseApproval {
    let hours = policies.approval_expires_after_hours;
    let (project, module) = (
        release.meta.project_id.clone(),
        release.meta.module_id.clone(),
    );
    ReleaseApproval {
        id: ApprovalId::generate(),
        meta: Meta::new(ctx, now, project, module),
        release_id: release.id,
        approver: ctx.actor().id.clone(),
        decision: ApprovalDecision::Approved,
        reason: reason.to_owned(),
        content_digest: release.content_digest.clone(),
        at: now,
        expires_at: hours.and_then(|hours| {
            let after = TimeDelta::try_hours(hours.into())?;
            now.checked_add_signed(after)
        }),
        state: ApprovalState::Valid,
        cause: None,
    }
}

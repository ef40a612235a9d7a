//! Ending approvals whose time is over.

use chrono::{DateTime, Utc};
use sluice_kernel::Ctx;
use sluice_schema::{NewEvent, ReleaseId};
use sluice_store::Tx;

use super::{ATTEMPTS, Releases, Result, announced, is_race};
use crate::{
    ApprovalState, ReleaseApproval, ReleaseError, ReleasePlan,
    store::{self, approvals},
};

impl Releases {
    /// Ends the approvals of a release that are overdue; it falls back when too few remain.
    pub(crate) async fn expire(&self, ctx: &Ctx, id: ReleaseId) -> Result<()> {
        for _ in 0..ATTEMPTS {
            match self.try_expire(ctx, id).await {
                Err(error) if is_race(&error) => {}
                done => return done,
            }
        }
        Err(ReleaseError::Contended)
    }

    async fn try_expire(&self, ctx: &Ctx, id: ReleaseId) -> Result<()> {
        let now = self.store().clock().now();
        let tx = self.store().begin(ctx).await?;
        let release = store::find_in(&tx, id).await?;
        let mut release = release.ok_or(ReleaseError::NotFound)?;
        let events = self.expire_in(&tx, &mut release, now).await?;
        tx.commit(events).await?;
        Ok(())
    }

    /// The same inside a transaction; returns the events.
    pub(super) async fn expire_in(
        &self,
        tx: &Tx,
        release: &mut ReleasePlan,
        now: DateTime<Utc>,
    ) -> Result<Vec<NewEvent>> {
        let valid = approvals::valid_in(tx, release.id).await?;
        let (remaining, overdue): (Vec<_>, Vec<_>) =
            valid.into_iter().partition(|approval| approval.counts(now));
        if overdue.is_empty() {
            return Ok(Vec::new());
        }
        let cause = cause(&overdue);
        let ended = self
            .end(tx, overdue, ApprovalState::Expired, &cause)
            .await?;
        if !release.status.is_open() {
            return Ok(Vec::new());
        }
        let Some(event) = release.void(&cause, ended, remaining.len()) else {
            return Ok(Vec::new());
        };
        release.meta.touch(tx.ctx(), now);
        store::update(tx, release).await?;
        Ok(vec![announced(release, &event)?])
    }
}

fn cause(overdue: &[ReleaseApproval]) -> String {
    let names: Vec<&str> = overdue
        .iter()
        .take(5)
        .map(|it| it.approver.as_str())
        .collect();
    let names = names.join(", ");
    match overdue.len() {
        1 => format!("the approval of {names} has expired"),
        count => format!("{count} approvals have expired, among them those of {names}"),
    }
}

//! How a release ends: by veto, or given up.

use sluice_schema::{
    ApprovalId,
    events::{ReleaseCancelled, ReleaseRejected},
};

use super::{ReleasePlan, ReleaseStatus};
use crate::ReleaseError;

impl ReleasePlan {
    /// Ends it by a person's veto; `None` when the same person vetoed it before.
    pub(crate) fn reject(
        &mut self,
        id: ApprovalId,
        approver: &str,
        reason: &str,
    ) -> Result<Option<ReleaseRejected>, ReleaseError> {
        if self.status == ReleaseStatus::Rejected && self.closed_by.as_deref() == Some(approver) {
            return Ok(None);
        }
        self.close(ReleaseStatus::Rejected, approver, Some(reason))?;
        Ok(Some(ReleaseRejected {
            release_id: self.id,
            name: self.name.clone(),
            version: self.version.clone(),
            approval_id: id,
            approver: approver.to_owned(),
            reason: reason.to_owned(),
        }))
    }

    /// Gives it up; `None` when that was done before.
    pub(crate) fn cancel(
        &mut self,
        actor: &str,
        reason: Option<&str>,
    ) -> Result<Option<ReleaseCancelled>, ReleaseError> {
        if self.status == ReleaseStatus::Cancelled {
            return Ok(None);
        }
        self.close(ReleaseStatus::Cancelled, actor, reason)?;
        Ok(Some(ReleaseCancelled {
            release_id: self.id,
            name: self.name.clone(),
            version: self.version.clone(),
            cancelled_by: actor.to_owned(),
            reason: reason.map(ToOwned::to_owned),
        }))
    }

    fn close(
        &mut self,
        status: ReleaseStatus,
        by: &str,
        reason: Option<&str>,
    ) -> Result<(), ReleaseError> {
        if !self.status.is_open() {
            return Err(ReleaseError::Closed {
                status: self.status,
            });
        }
        self.status = status;
        self.closed_by = Some(by.to_owned());
        self.closed_reason = reason.map(ToOwned::to_owned);
        Ok(())
    }
}

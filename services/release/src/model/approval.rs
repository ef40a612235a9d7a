//! A person's decision on a release.

use chrono::{DateTime, Utc};
use sluice_kernel::{Meta, text_enum};
use sluice_schema::{ApprovalId, ReleaseId, events::ApprovalSummary};

text_enum! {
    /// What a person decided.
    ApprovalDecision {
        /// The release may go on.
        Approved = "APPROVED",
        /// It may not.
        Rejected = "REJECTED",
    }
}

text_enum! {
    /// Whether a decision counts.
    ApprovalState {
        /// It does.
        Valid = "VALID",
        /// What it covers changed.
        Void = "VOID",
        /// Its time is over.
        Expired = "EXPIRED",
    }
}

/// A decision on a release; a person has one that counts for each release at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseApproval {
    /// Its id.
    pub id: ApprovalId,
    /// Ownership, audit fields and version.
    pub meta: Meta,
    /// The release.
    pub release_id: ReleaseId,
    /// Who decided.
    pub approver: String,
    /// What was decided.
    pub decision: ApprovalDecision,
    /// Why.
    pub reason: String,
    /// Digest of what the release covered then.
    pub content_digest: String,
    /// When.
    pub at: DateTime<Utc>,
    /// When it ends to count.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether it counts.
    pub state: ApprovalState,
    /// Why it does not count any more.
    pub cause: Option<String>,
}

impl ReleaseApproval {
    /// Whether it lets the release go on at this time.
    pub fn counts(&self, now: DateTime<Utc>) -> bool {
        self.decision == ApprovalDecision::Approved
            && self.state == ApprovalState::Valid
            && self.expires_at.is_none_or(|end| end > now)
    }

    /// Ends to count.
    pub(crate) fn end(&mut self, state: ApprovalState, cause: &str) {
        self.state = state;
        self.cause = Some(cause.to_owned());
    }

    pub(crate) fn summary(&self) -> ApprovalSummary {
        ApprovalSummary {
            approval_id: self.id,
            approver: self.approver.clone(),
            reason: self.reason.clone(),
            approved_at: self.at,
            expires_at: self.expires_at,
        }
    }
}

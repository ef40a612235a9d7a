//! The commands of the release service.

use sluice_release as service;

use super::{
    ApproveReleaseInput, CancelReleaseInput, DecisionOf, PlanReleaseInput, RejectReleaseInput,
    ReleaseApproval, ReleasePlan,
};
use crate::{declare::mutations, loaders::Call};

// The caller's decision is what the command recorded, or had recorded before.
fn own_decision(call: &Call, release: &service::ReleasePlan) -> DecisionOf {
    DecisionOf {
        release: release.id,
        approver: call.ctx.actor().id.clone(),
    }
}

mutations! {
    /// Commands of the release service.
    ReleaseMutation;

    /// Plans a release of successful builds; its notes tell the commits since the release
    /// before.
    plan_release(PlanReleaseInput) -> PlanReleasePayload {
        /// The release, planned now or before.
        release: ReleasePlan
    } = releases.plan;

    /// Lets a release go on, as far as the caller is concerned; once as many people did as the
    /// project demands, it is approved.
    approve_release(ApproveReleaseInput) -> ApproveReleasePayload {
        /// The release after the decision.
        release: ReleasePlan,
        /// The caller's decision.
        approval: ReleaseApproval by own_decision
    } = releases.approve;

    /// Ends a release by veto, also one that was approved.
    reject_release(RejectReleaseInput) -> RejectReleasePayload {
        /// The release, rejected.
        release: ReleasePlan,
        /// The caller's decision.
        approval: ReleaseApproval by own_decision
    } = releases.reject;

    /// Gives a release up.
    cancel_release(CancelReleaseInput) -> CancelReleasePayload {
        /// The release, cancelled.
        release: ReleasePlan
    } = releases.cancel;
}

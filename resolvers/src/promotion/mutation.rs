//! The commands on promotions.

use super::{
    CancelPromotionInput, EnvironmentPromotion, PromoteReleaseInput, RollbackEnvironmentInput,
};
use crate::declare::mutations;

mutations! {
    /// Commands on promotions.
    PromotionMutation;

    /// Brings a release into an environment. When gates are closed it is refused with every
    /// blocker, or waits for them, as the input says.
    promote_release(PromoteReleaseInput) -> PromoteReleasePayload {
        /// The promotion, asked for now or before.
        promotion: EnvironmentPromotion
    } = promotions.promote;

    /// Ends a promotion that waits for its gates.
    cancel_promotion(CancelPromotionInput) -> CancelPromotionPayload {
        /// The promotion, cancelled.
        promotion: EnvironmentPromotion
    } = promotions.cancel;

    /// Brings an environment back to what succeeded in it before, as it was recorded and without a
    /// build, and holds it until somebody resumes it.
    rollback_environment(RollbackEnvironmentInput) -> RollbackEnvironmentPayload {
        /// The promotion that declares the earlier content again.
        promotion: EnvironmentPromotion
    } = promotions.rollback;
}

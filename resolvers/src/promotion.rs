//! Promotions of releases into environments.

mod input;
mod mutation;
mod object;
mod parts;
mod query;

pub use input::{
    CancelPromotionInput, PromoteReleaseInput, PromotionFilter, RollbackEnvironmentInput,
    WhenBlocked,
};
pub use mutation::{
    CancelPromotionPayload, PromoteReleasePayload, PromotionMutation, RollbackEnvironmentPayload,
};
pub use object::{
    EnvironmentPromotion, NextPromotions, PromotionById, PromotionOrder, PromotionOrderField,
    PromotionsOfEnvironment, PromotionsOfGitOpsRepository, PromotionsOfManifest,
    PromotionsOfRelease, RestorersOfPromotion, RollbacksOfPromotion,
};
pub use parts::{PromotionItem, PromotionKind, PromotionOverride, PromotionStatus};
pub use query::PromotionQuery;

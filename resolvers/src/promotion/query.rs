//! Where promotions are found.

use super::{EnvironmentPromotion, PromotionById};
use crate::declare::queries;

queries! {
    /// Promotions.
    PromotionQuery;
    /// The promotion with this id; null when there is none that the caller may see.
    one promotion: EnvironmentPromotion by PromotionById;
    /// The promotions that the caller may see.
    list promotions;
    also {}
}

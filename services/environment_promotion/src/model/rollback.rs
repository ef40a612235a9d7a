//! Where a rollback leads.

use chrono::{DateTime, Utc};
use sluice_schema::PromotionId;

use super::{EnvironmentPromotion, PromotionStatus};

/// The promotion whose content `promotion` declares: itself, or what a rollback restored.
pub(crate) fn origin(promotion: &EnvironmentPromotion) -> PromotionId {
    promotion.restored.unwrap_or(promotion.id)
}

/// Whether the target had `promotion`, healthy, and it is not a rollback itself.
pub(crate) fn is_restorable(promotion: &EnvironmentPromotion) -> bool {
    promotion.restored.is_none() && promotion.succeeded_at.is_some()
}

/// The newest promotion before `since` that succeeded, was not left by a rollback, and declares
/// `module` with another content than `digest`. `history` is in any order.
pub(crate) fn before<'a>(
    history: impl IntoIterator<Item = &'a EnvironmentPromotion>,
    module: &str,
    digest: &str,
    since: DateTime<Utc>,
) -> Option<&'a EnvironmentPromotion> {
    let declares_other = |promotion: &EnvironmentPromotion| {
        let mut items = promotion.items.iter();
        items.any(|item| item.module == module && item.manifest_digest != digest)
    };
    history
        .into_iter()
        .filter(|it| it.status == PromotionStatus::Succeeded && is_restorable(it))
        .filter(|it| it.promoted_at.is_some_and(|at| at < since))
        .filter(|it| declares_other(it))
        .max_by_key(|it| (it.promoted_at, it.id))
}

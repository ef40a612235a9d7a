//! The place of a module in an environment: at most one promotion is active in it.

use sluice_kernel::Meta;
use sluice_schema::{EnvironmentId, PromotionId};

/// The place of a module in an environment. Its version makes one promotion at a time of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) id: String,
    pub(crate) meta: Meta,
    pub(crate) environment_id: EnvironmentId,
    pub(crate) module: String,
    /// The promotion that runs or is verified.
    pub(crate) active: Option<PromotionId>,
    /// The promotion whose content Git declares.
    pub(crate) declared: Option<PromotionId>,
}

/// The id of a place.
pub(crate) fn slot_id(environment: EnvironmentId, module: &str) -> String {
    format!("{environment}/{module}")
}

//! The aggregates: pure, without store, provider or clock.

mod environment;
mod events;
mod freeze;
pub(crate) mod gates;
pub(crate) mod graph;
mod promotion;
pub(crate) mod rollback;
mod slot;

pub(crate) use environment::{DEFAULTS, default_spec};
pub use environment::{Environment, EnvironmentSpec, Gates, Hold, RequiredCheck};
pub(crate) use environment::{HeldBy, node};
pub(crate) use freeze::BadFreeze;
pub use freeze::{Freeze, Frozen, frozen_at};
pub use promotion::{
    EnvironmentPromotion, Override, PromotionItem, PromotionKind, PromotionStatus,
};
pub(crate) use promotion::{Failure, NewPromotion};
pub(crate) use slot::{Slot, slot_id};

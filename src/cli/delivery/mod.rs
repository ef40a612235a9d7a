//! From a build result to what runs: the objects of the delivery half, and the steps that `ship
//! --to`, `approve`, `promote` and `rollback` have in common.
//!
//! As in [`ship`](super::ship), every step looks first, so that a command may be broken off and
//! started again at any moment.

pub(super) mod api;
mod approval;
mod blockers;
mod chain;
mod deliver;
mod model;
mod named;
mod promotion;
mod release;
mod route;
mod stop;
mod sync;
mod text;

pub use approval::{ApproverError, local_approver};
pub(super) use approval::{approve, approve_all};
pub use chain::Link;
pub(super) use deliver::{Delivery, LOOK, check, deliver};
pub use deliver::{DeliveryOptions, DeliveryReport};
pub use model::{Approval, Artifact, Blocker, Environment, Promotion, Release, SyncState};
pub(super) use named::{Named, environments, project, release, released};
pub(super) use promotion::{Drive, follow};
pub(super) use route::{Placed, in_order};
pub use stop::{Stop, StopKind};
pub(super) use stop::{Way, way};
pub(super) use text::{time, words};

#[cfg(test)]
mod tests;

//! Environments, and the promotions of releases into them.
//!
//! Owns the Environment aggregate, its gates, freezes and holds, and the EnvironmentPromotion
//! aggregate. A promotion runs only when every gate of its environment is open, whoever asked
//! for it, judged right before it runs; a module has one promotion at a time in an environment;
//! what is promoted is what was rendered, copied by compare and swap onto the branch that
//! environments follow. A rollback declares recorded content again, without a build, and holds
//! the environment so that nothing undoes it.
//!
//! Events out: `EnvironmentDefined`, `PromotionRequested`, `DeploymentPromoted`,
//! `PromotionSucceeded`, `PromotionFailed`, `EnvironmentRolledBack`, `EnvironmentHeld`,
//! `EnvironmentResumed`. Events in: `DeploymentManifestRendered` (environments that promote by
//! themselves), `GitOpsSynced` and `GitOpsSyncFailed` (verification).

mod commands;
mod entity;
mod error;
mod import;
mod model;
mod reactions;
mod rest;
mod service;
mod store;

pub use commands::{
    CancelPromotion, DefineEnvironment, HoldEnvironment, PromoteRelease, ResumeEnvironment,
    RollbackEnvironment, WhenBlocked,
};
pub use error::PromotionError;
pub use import::DeclaredModule;
pub use model::{
    Environment, EnvironmentPromotion, EnvironmentSpec, Freeze, Frozen, Gates, Hold, Override,
    PromotionItem, PromotionKind, PromotionStatus, RequiredCheck, frozen_at,
};
pub use reactions::{HoldExpiry, Reactions, Recovery};
pub use rest::{operations, router};
pub use service::{Environments, Neighbours, Promotions};
pub use store::{EnvironmentFilter, EnvironmentOrder, PromotionFilter, PromotionOrder};

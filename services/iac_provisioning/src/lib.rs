//! Infrastructure: what releases declare in `infra.yaml`, planned and provisioned per environment.
//!
//! Owns the InfrastructurePlan aggregate. A plan is what the engine would do to bring a module's
//! stack in an environment to what one release declares; it is provisioned as it stands or, when
//! the stack changed since, refused as stale. The truth about a stack is the engine's: a plan that
//! was provisioned is made anew when something is left to do.
//!
//! Events out: `InfrastructurePlanned`, `InfrastructureProvisioned`, `InfrastructureFailed`.
//! Events in: `ReleaseApproved`.

mod commands;
mod entity;
mod error;
mod import;
mod model;
mod reactions;
mod rest;
mod secrets;
mod service;
mod store;

pub use commands::{
    DestroyInfrastructure, PlanInfrastructure, ProvisionInfrastructure, RefreshInfrastructure,
};
pub use error::InfrastructureError;
pub use model::{
    InfrastructureOperation, InfrastructurePlan, InfrastructureStatus, PlanStep, PropertyChange,
};
pub use reactions::{OnReleaseApproved, Recovery};
pub use rest::{operations, router};
pub use secrets::{FolderSecrets, NoSecrets, SecretSource};
pub use service::{Infrastructures, Ports};
pub use store::{InfrastructureFilter, InfrastructureOrder};

//! The `deployment-target` port: the place where an environment's declared objects run.
//!
//! [`DeploymentTarget`] is the port. [`DirectoryTarget`] is the provider that works offline: one
//! folder per environment and module with a file per applied object, an inventory of what was
//! applied, and a `status/` folder in which agents outside record health. Comparing is pure:
//! [`plan`], [`drift`] and [`health`] take what is declared and what was observed.

mod diff;
mod directory;
mod drift;
mod error;
mod health;
mod limits;
mod manifest;
mod object;
mod order;
mod path;
mod plan;
mod port;
mod types;

pub use diff::UnifiedDiff;
pub use directory::DirectoryTarget;
pub use drift::{Change, Drift, drift};
pub use error::{Result, TargetError};
pub use health::{Health, HealthReport, ObjectHealth, health};
pub use limits::Limits;
pub use manifest::declare;
pub use object::{DeclaredObject, ObjectKey};
pub use path::TargetPath;
pub use plan::{Plan, PlannedPrune, plan};
pub use port::{ApplyOptions, DeploymentTarget};
pub use types::{
    Applied, FailedObject, FileProblem, Inventory, InventoryObject, LiveFile, Observed, Recorded,
    StatusRecord, Unfinished,
};

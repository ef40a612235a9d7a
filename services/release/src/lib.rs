//! Releases: builds of one or more modules under one version, and what people think of them.
//!
//! Owns the ReleasePlan and ReleaseApproval aggregates. A version stands for one set of builds
//! of a name in a project; a person has one approval that counts for a release. An approval
//! covers the digest of builds, artifacts, configuration and targets, and is void, with the
//! cause, as soon as any of them changes.
//!
//! Events out: `ReleasePlanned`, `ReleaseReady`, `ReleaseApproved`, `ReleaseApprovalVoided`,
//! `ReleaseRejected`, `ReleaseCancelled`. Events in: `BuildCompleted` (plans by policy),
//! `PackagePublished`, `PackagePublicationFailed`, `ContainerImageBuilt`, `ContainerImageFailed`
//! (artifacts), `EnvironmentDefined` (targets), `DeploymentManifestRendered` (manifests).

mod commands;
mod entity;
mod error;
mod import;
mod model;
mod reactions;
mod rest;
mod service;
mod store;

pub use commands::{ApproveRelease, CancelRelease, PlanRelease, RejectRelease};
pub use error::ReleaseError;
pub use model::{
    ApprovalDecision, ApprovalState, Bump, Ineligible, ManifestPin, PlannedItem, ReleaseApproval,
    ReleaseNote, ReleasePlan, ReleaseStatus, ReleaseTarget,
};
pub use reactions::{Reactions, Recovery};
pub use rest::{operations, router};
pub use service::{Ports, Releases};
pub use store::{ReleaseFilter, ReleaseOrder};

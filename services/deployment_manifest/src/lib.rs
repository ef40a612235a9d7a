//! Deployment manifests: the Kubernetes objects that an environment is to hold of a release.
//!
//! Owns the DeploymentManifest aggregate: one per content of a module of a release for an environment. What is
//! rendered stands in the project's GitOps repository on the branch [`RENDERED_BRANCH`], under
//! `environments/<environment>/<module>`: the history of all that could be declared. What is declared is
//! decided by promotions.
//!
//! Events out: `DeploymentManifestRendered`, once for each time that a content becomes the newest one. Events
//! in: `ReleaseApproved` (renders every module for every environment, when the project lets that run by itself).

mod commands;
mod entity;
mod error;
mod import;
mod model;
mod reactions;
mod rest;
mod service;
mod store;

pub use commands::RenderDeploymentManifest;
pub use error::ManifestError;
pub use model::{DeploymentManifest, ManifestFile, ManifestStatus, ObjectSummary, Preview};
pub use reactions::{OnReleaseApproved, Recovery};
pub use rest::{operations, router};
pub use service::{DeploymentManifests, Ports, RENDERED_BRANCH};
pub use store::{ManifestFilter, ManifestOrder};

//! Container images: what builds made, in registries that deployments pull from.
//!
//! Owns the ContainerImage aggregate. A build has one image per repository of a registry; the
//! same commit gives the same digest, and an image goes with its bill of materials and its
//! provenance. Building takes its time: an image is announced first and made by [`Worker`], or by
//! whoever asked for it.
//!
//! Events out: `ContainerImageBuilt`, `ContainerImageFailed`. Events in: `BuildCompleted`.

mod commands;
mod content;
mod entity;
mod error;
mod import;
mod model;
mod reactions;
mod rest;
mod service;
mod store;
mod turns;

pub use commands::BuildContainerImage;
pub use error::{ContainerImageError, Unbuildable};
pub use model::{ContainerImage, ImageStatus, LOCAL, Wanted};
pub use reactions::{OnBuildCompleted, Worker};
pub use rest::{operations, router};
pub use service::{ContainerImages, Ports, RemoteTarget, Settings};
pub use store::{ImageFilter, ImageOrder};

/// The service's name: of its store, its consumer and its own work.
pub(crate) const SERVICE: &str = "container_image";

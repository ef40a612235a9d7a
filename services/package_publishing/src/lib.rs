//! Package publications: what builds made, in feeds that NuGet clients install from.
//!
//! Owns the PackagePublication aggregate. A version in a feed belongs to one publication and its
//! content never changes; a build's package is published once. What a build leaves becomes a
//! package that is the same, byte for byte, whenever it is made again.
//!
//! Events out: `PackagePublished`, `PackagePublicationFailed`. Events in: `BuildCompleted`.

mod commands;
mod content;
mod entity;
mod error;
mod import;
mod model;
mod nuget;
mod reactions;
mod rest;
mod service;
mod store;

pub use commands::{PublishPackage, SetListed};
pub use error::{PackageError, Unpublishable};
pub use model::{Origin, PackagePublication, PackageStatus};
pub use nuget::{nuget_commands, nuget_router};
pub use reactions::{OnBuildCompleted, Recovery};
pub use rest::{operations, router};
pub use service::{PackagePublishing, Ports};
pub use store::{PackageFilter, PackageOrder};

//! The `image-registry` port: container images built without a daemon, and the registries they go to.
//!
//! [`ImageRegistry`] is the port. [`LayoutRegistry`] keeps images as OCI image layouts on disk;
//! [`RemoteRegistry`] pushes to any registry that speaks the OCI distribution protocol. Building is
//! the same for both and deterministic: the same [`ImageSpec`] gives the same digest, wherever and
//! whenever it is built. [`sbom`] and [`provenance`] write the documents that are attached to an
//! image as referrers.

mod backend;
mod build;
mod error;
mod layout;
mod limits;
mod names;
mod oci;
mod port;
pub mod provenance;
mod registry;
mod remote;
pub mod sbom;
mod spec;

pub use build::FileFact;
pub use error::{ImageError, Result};
pub use layout::{DEFAULT_AUTHORITY, LayoutRegistry};
pub use limits::Limits;
pub use names::{Digest, ImageName, ImageRepository, Reference, Tag};
pub use oci::{Descriptor, Platform, media_type};
pub use port::{Attachment, Built, ImageInfo, ImageRegistry, LayerInfo, TagRequest, TagRule};
pub use remote::{RemoteAuth, RemoteConfig, RemoteRegistry};
pub use spec::{BaseImage, FileContent, ImageFile, ImageSpec};

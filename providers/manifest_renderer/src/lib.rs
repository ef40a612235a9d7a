//! The `manifest-renderer` port: Kubernetes manifests, from what is known of a module to the objects
//! that an environment is to hold.
//!
//! [`ManifestRenderer`] is the port, [`LocalRenderer`] the provider that needs no program beside it. It
//! makes the base of a module from [`ModuleFacts`], and builds a tree of files with the semantics of
//! Kustomize: what `kubectl kustomize` prints for the same tree, as the same objects in the same order.
//! Everything here is pure: the same input gives the same bytes, and no file, clock or network is asked.

mod base;
mod check;
mod digest;
mod error;
mod facts;
mod kustomize;
mod limits;
mod object;
mod port;
mod suggest;
mod yaml;

pub use check::check;
pub use digest::digest;
pub use error::{RenderError, Result};
pub use facts::{
    Autoscale, ComputeResources, EnvValue, ImageReference, IngressFacts, ModuleFacts, PackageFacts,
    WorkloadKind,
};
pub use limits::Limits;
pub use object::{Object, to_yaml};
pub use port::{Files, LocalRenderer, ManifestRenderer, Rendered};

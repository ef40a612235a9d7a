//! Repositories: what holds a module's source.
//!
//! Owns the Repository aggregate. A repository's name is unique in its project, its provider is
//! fixed once provisioned, and its default branch exists before it is announced.
//!
//! Events out: `RepositoryProvisioned`, `RepositoryUpdated`, `RepositoryArchived`. Events in: none.

mod commands;
mod entity;
mod error;
mod import;
mod model;
mod reactions;
mod rest;
mod service;
mod store;
mod tree;

pub use commands::{ArchiveRepository, ProvisionRepository, UpdateRepository};
pub use error::RepositoryError;
pub use model::{Provider, Repository, RepositoryStatus, Visibility};
pub use reactions::Recovery;
pub use rest::{operations, router};
pub use service::Repositories;
pub use store::{RepositoryFilter, RepositoryOrder};
pub use tree::{FilePage, RepositoryFile, RepositoryTree};

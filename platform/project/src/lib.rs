//! Projects: which steps of the chain run by themselves, and who approves.
//!
//! Owns the Project aggregate. A project that nobody configured has the default policies at
//! version 0; it needs no making, as every token names the projects that it sees.
//!
//! Events out: `ProjectConfigured`. Events in: none.

mod commands;
mod entity;
mod error;
mod import;
mod model;
mod rest;
mod service;
mod store;

pub use commands::{ConfigureProject, ProjectChanges};
pub use error::ProjectError;
pub use model::Project;
pub use rest::{operations, router};
pub use service::Projects;
pub use store::{ProjectFilter, ProjectOrder};

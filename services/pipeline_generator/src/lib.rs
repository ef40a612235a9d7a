//! Pipeline definitions: what a module says of itself in `module.yaml`, and the Azure Pipelines
//! YAML that is generated from it.
//!
//! Owns the `PipelineDefinition` aggregate. Equal content in a repository is one definition,
//! which moves on to newer commits. Its YAML also stands in the repository, on the branch
//! [`PIPELINES_BRANCH`], whose head shows the pipeline of the default branch's newest commit.
//!
//! Events out: `PipelineGenerated`, once per commit. Events in: `PullRequestMerged` (generates for
//! the merge commit when the default branch is the target).

pub mod azure;
pub mod module_yaml;

mod commands;
mod entity;
mod error;
mod import;
mod model;
mod reactions;
mod rest;
mod service;
mod store;

pub use commands::GeneratePipeline;
pub use error::PipelineError;
pub use model::{Lint, PipelineDefinition, PipelineStatus};
pub use reactions::{Reactions, Recovery};
pub use rest::{operations, router};
pub use service::{PIPELINES_BRANCH, Pipelines};
pub use store::{PipelineFilter, PipelineOrder};

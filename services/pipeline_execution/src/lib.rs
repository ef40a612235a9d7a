//! Pipeline runs: what builds, tests and packages a commit.
//!
//! Owns the PipelineRun aggregate. A run is one attempt of one pipeline for one commit; it
//! leaves the queue at most once and ends exactly once. Earlier attempts stay as they are.
//! [`Executor`] is the worker that runs them; a run whose process died is ended by [`Recovery`].
//!
//! Events out: `PipelineRunStarted`, `PipelineRunProgressed`, `PipelineRunCompleted`. Events in:
//! `PipelineGenerated`.

mod commands;
mod entity;
mod error;
mod executor;
mod import;
mod model;
mod reactions;
mod rest;
mod service;
mod store;

pub use commands::{CancelPipelineRun, RetryPipelineRun, RunPipeline};
pub use error::PipelineRunError;
pub use executor::{Executor, ExecutorConfig};
pub use model::{CancelRequest, Lease, PipelineRun, RunOutcome, RunOutputs, RunStatus};
pub use reactions::{Reactions, Recovery};
pub use rest::{operations, router};
pub use service::{LogLine, LogPage, LogStep, PipelineRuns, Ports, RunLog, RunLogLine, RunLogPage};
pub use store::{PipelineRunFilter, PipelineRunOrder};

/// The service's name: of its store, its consumer and its own work.
pub(crate) const SERVICE: &str = "pipeline_execution";

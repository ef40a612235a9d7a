//! Build results: what a run proved.
//!
//! Owns the BuildResult aggregate and its test cases. A build result is written once, for a run
//! of ours or for a build of an external CI; raw result files stay in the blob store, and one
//! that cannot be read is a finding, never a lost build.
//!
//! Events out: `BuildCompleted`. Events in: `PipelineRunCompleted`.

mod commands;
mod entity;
mod error;
mod import;
mod model;
mod reactions;
mod reports;
mod rest;
mod service;
mod store;

pub use commands::{ExternalArtifact, InlineResult, RecordBuildResult, ResultFormat};
pub use error::BuildResultError;
pub use model::{BuildResult, BuildStatus, TestCase, TestOutcome};
pub use reactions::OnRunCompleted;
pub use rest::{operations, router};
pub use service::BuildResults;
pub use store::{BuildFilter, BuildOrder, TEST_CASE_ORDER, TestCaseFilter};

//! The pipeline runner port and its local provider.
//!
//! [`PipelineRunner`] plans and runs Azure Pipelines YAML. [`LocalRunner`] does so with real
//! processes on this machine: stages and jobs in the order of `dependsOn`, conditions, matrices,
//! output variables, logging commands, artifacts, test results and coverage. Whatever it cannot
//! run is refused by [`PipelineRunner::plan`] with the complete list, before anything starts.
//!
//! The caller gives the sources ([`SourceCheckout`]) and hears of every change and every line of
//! every log ([`RunObserver`]). Work folders stay until [`PipelineRunner::reap`].

mod commands;
mod error;
mod expression;
mod glob;
mod lines;
mod local;
mod log;
mod mask;
mod plan;
mod port;
mod process;
mod results_scan;
mod run;
mod steps;
mod timeline;
mod variables;
mod yaml;

pub use error::{CheckoutError, Finding, ObserverGone, PlanError, Rule, RunnerError};
pub use local::{LocalRunner, LocalRunnerConfig};
pub use plan::RunPlan;
pub use port::{
    Attachment, LogLine, PipelineRunner, PublishedArtifact, ReapReport, ResultFile, ResultFormat,
    RunLimits, RunObserver, RunReport, RunRequest, SourceCheckout, StepRef,
};
pub use timeline::{
    Issue, IssueKind, JobRecord, RecordKind, RecordResult, RecordState, StageRecord, Status,
    StepRecord, Timeline, TimelineChange,
};

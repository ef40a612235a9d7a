//! Pipeline runs.

mod input;
mod log;
mod mutation;
mod object;
mod query;
mod timeline;

pub use input::{
    CancelPipelineRunInput, PipelineRunFilter, RetryPipelineRunInput, RunPipelineInput,
    RunVariableInput,
};
pub use log::{LogLine, LogPage, PipelineRunLogLine, PipelineRunLogLines};
pub use mutation::{
    CancelPipelineRunPayload, PipelineRunMutation, RetryPipelineRunPayload, RunPipelinePayload,
};
pub use object::{
    Artifact, PipelineRun, PipelineRunOrder, PipelineRunOrderField, ResultFile, RetriesOfRun,
    RunById, RunCancellation, RunOutcome, RunStatus, RunVariable, RunsOfCommit, RunsOfPipeline,
    RunsOfRepository,
};
pub use query::PipelineRunQuery;
pub use timeline::{
    IssueKind, RecordResult, RecordState, RecordStatus, RunIssue, RunJob, RunStage, RunStep,
};

//! The commands of pipeline execution.

use super::{CancelPipelineRunInput, PipelineRun, RetryPipelineRunInput, RunPipelineInput};
use crate::declare::mutations;

mutations! {
    /// Commands of pipeline execution.
    PipelineRunMutation;

    /// Runs a pipeline for a commit.
    run_pipeline(RunPipelineInput) -> RunPipelinePayload {
        /// The run, queued now or before.
        pipeline_run: PipelineRun
    } = runs.run_pipeline;

    /// Ends a run: at once when it waits, within seconds when it runs.
    cancel_pipeline_run(CancelPipelineRunInput) -> CancelPipelineRunPayload {
        /// The run, ended or about to end.
        pipeline_run: PipelineRun
    } = runs.cancel;

    /// Tries the commit of a run that ended without success once more.
    retry_pipeline_run(RetryPipelineRunInput) -> RetryPipelineRunPayload {
        /// The new run, queued now or before.
        pipeline_run: PipelineRun
    } = runs.retry;
}

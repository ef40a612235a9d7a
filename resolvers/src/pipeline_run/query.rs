//! Where runs are found.

use super::{PipelineRun, RunById};
use crate::declare::queries;

queries! {
    /// Pipeline runs.
    PipelineRunQuery;
    /// The run with this id; null when there is none that the caller may see.
    one pipeline_run: PipelineRun by RunById;
    /// The runs that the caller may see.
    list pipeline_runs;
    also {}
}

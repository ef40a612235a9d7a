//! Build results.

mod input;
mod mutation;
mod object;
mod query;
mod test_case;

pub use input::{
    BuildResultFilter, ExternalArtifactInput, RecordBuildResultInput, ResultFileInput,
    ResultFormat, TestCaseFilter,
};
pub use mutation::{BuildResultMutation, RecordBuildResultPayload};
pub use object::{
    BuildById, BuildByRun, BuildResult, BuildResultOrder, BuildResultOrderField, BuildStatus,
    BuildsOfCommit, BuildsOfPipeline, BuildsOfRepository, Coverage, TestCounts,
};
pub use query::BuildResultQuery;
pub use test_case::{TestCase, TestOutcome};

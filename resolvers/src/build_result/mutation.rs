//! The commands of the build result service.

use super::{BuildResult, RecordBuildResultInput};
use crate::declare::mutations;

mutations! {
    /// Commands of the build result service.
    BuildResultMutation;

    /// Records the result of a build that an external CI ran.
    record_build_result(RecordBuildResultInput) -> RecordBuildResultPayload {
        /// The build result, recorded now or before.
        build_result: BuildResult
    } = builds.record;
}

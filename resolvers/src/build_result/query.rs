//! Where build results are found.

use super::{BuildById, BuildResult};
use crate::declare::queries;

queries! {
    /// Build results.
    BuildResultQuery;
    /// The build result with this id; null when there is none that the caller may see.
    one build_result: BuildResult by BuildById;
    /// The build results that the caller may see.
    list build_results;
    also {}
}

//! Where a change has got to, by its content.

mod model;

pub use model::{CommitKey, EnvironmentReach, Landing, LandingHow, ReachStage, ReachState};

//! Where a change has got to.

mod input;
mod object;
mod query;

pub use input::CommitKeyInput;
pub use object::{EnvironmentReach, LandingHow, ReachLanding, ReachStage, ReachState};
pub use query::ReachQuery;
pub(crate) use query::{WEIGHT, reach};

//! The delivery board: modules and environments.

mod object;
mod parts;
mod query;

pub use object::{BoardCell, BoardEnvironment, DeliveryBoard};
pub use parts::{BoardHold, BoardSync, DeployedVersion, DriftState};
pub use query::BoardQuery;

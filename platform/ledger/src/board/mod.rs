//! Modules and environments: what is declared, what runs, what was seen.

mod model;

pub use model::{Board, BoardCell, BoardEnvironment, BoardHold, Deployed, DriftState, SyncView};

//! The commands of the program.

pub mod client;
pub mod ship;
pub mod status;

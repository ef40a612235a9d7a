//! The wiring: stores, providers, services, reactions, workers.

mod database;
mod error;
mod graphql;
mod readiness;
mod services;
mod workers;

pub use database::{Stores, migrate, open};
pub use error::StartError;
pub use services::{App, Surroundings};
pub(crate) use workers::Workers;

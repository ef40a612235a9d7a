//! The wiring: stores, providers, services, reactions, workers.

mod app;
mod database;
mod delivery;
mod domain;
mod error;
mod graphql;
mod messaging;
mod readiness;
mod toolchains;
mod workers;

pub use app::{App, Surroundings};
pub use database::{Stores, ledger, migrate, open};
pub use error::StartError;

pub(crate) use workers::Workers;

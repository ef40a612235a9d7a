//! Sluice: one GraphQL API over the software delivery chain.
//!
//! This crate is the composition root: settings, identity, the HTTP edge, the wiring of stores,
//! providers, services and workers, and the command line. It holds no rules of the domain.

pub mod auth;
pub mod cli;
pub mod compose;
pub mod config;
pub mod data_dir;
pub mod http;
pub mod server;
pub mod telemetry;

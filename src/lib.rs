//! Sluice: one GraphQL API over the software delivery chain.
//!
//! This crate is the composition root: settings, identity, the HTTP edge, and the wiring of
//! stores, providers, services and workers. It holds no rules of the domain.

pub mod auth;
pub mod cli;
pub mod config;
pub mod http;

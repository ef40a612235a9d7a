//! The schema on real services: what a request costs, and what it may not see.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

mod chain;
mod commands;
mod constant;
mod delivery;
mod edges;
mod environment_side;
mod ledger;
mod limits;
mod lineage;
mod read_models;
mod refused;
mod release_side;
mod run_log;
mod running;
mod running_lists;
mod stream;
mod types;
mod world;

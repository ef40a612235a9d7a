//! The ledger's promises, on both databases.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

mod append;
mod board;
mod compare;
mod consuming;
mod delivery;
mod events;
mod feeds;
mod lineage;
mod metrics;
mod rebuild;
mod stream;
mod verify;
mod world;

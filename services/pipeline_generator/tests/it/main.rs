//! The pipeline generator's promises, on both databases and real Git repositories.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

mod fixture;
mod generate;
mod order;
mod reactions;
mod reading;
mod recovery;
mod refused;
mod rest;

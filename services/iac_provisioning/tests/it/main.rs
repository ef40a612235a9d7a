//! Infrastructure on real stores, with a real engine and real Git.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

mod destroying;
mod planning;
mod provisioning;
mod reacting;
mod refusing;
mod rest;
mod world;

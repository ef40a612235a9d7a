//! The pipeline execution service's promises, on both databases, with real processes.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

mod cancelling;
mod commands;
mod crash;
mod executing;
mod fake_runner;
mod fixture;
mod joined;
mod queueing;
mod reactions;
mod reading;
mod recovery;
mod rest;
mod retrying;

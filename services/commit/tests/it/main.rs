//! The commit service's promises, on both databases and real Git repositories.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

mod create;
mod files;
mod fixture;
mod history;
mod landed;
mod merges;
mod reading;
mod recovery;
mod replay;
mod rest;

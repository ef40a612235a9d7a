//! The store's promises, on both databases.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

mod reading;
mod thing;
mod trips;
mod walls;
mod writing;

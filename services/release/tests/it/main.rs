//! The release service's promises, on both databases and real Git repositories.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

mod approving;
mod crash;
mod directory;
mod ending;
mod events;
mod fixture;
mod planning;
mod policy;
mod reading;
mod rest;
mod versions;
mod voiding;

//! The pull request service's promises, on both databases and real Git repositories.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

mod contributors;
mod fixture;
mod landing;
mod merging;
mod opening;
mod reactions;
mod reading;
mod rest;
mod reviewing;

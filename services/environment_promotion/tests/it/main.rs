//! The promises of environments and promotions, on both databases and real Git repositories.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

mod asking;
mod environments;
mod facts;
mod gates;
mod landing;
mod reactions;
mod rest;
mod rolling_back;
mod verifying;
mod world;

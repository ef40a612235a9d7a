//! The package feed against real folders and archives.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, which clippy takes for production code"
)]

mod fixture;
mod hostile;
mod packing;
mod publishing;
mod reading;

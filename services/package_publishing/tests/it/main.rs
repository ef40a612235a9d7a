//! Package publications on real stores, real feeds and a real NuGet client.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

mod client;
mod fixture;
mod nuget;
mod publishing;
mod pushing;
mod reactions;
mod reading;
mod recovery;
mod rest;

//! Deployment manifests on real stores, real Git and the real renderer.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

mod fixture;
mod overlays;
mod reactions;
mod reading;
mod recovery;
mod refusals;
mod rendering;
mod rest;

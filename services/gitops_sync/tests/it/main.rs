//! GitOps synchronisation on real stores, real Git and real target folders.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

mod commanding;
mod drifting;
mod failing;
mod promoting;
mod recovering;
mod world;

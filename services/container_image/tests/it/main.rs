//! Container images on real stores, with real image layouts, blobs and repositories.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

mod build;
mod crashes;
mod refusals;
mod trap;
mod world;

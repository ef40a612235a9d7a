//! The bus's promises, on every transport.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

mod dispatching;
mod losing;
mod runs;
mod support;
mod transporting;

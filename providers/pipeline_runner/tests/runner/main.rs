//! The local runner with real bash.

// Helpers outside of test functions may stop a test like the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod artifacts;
mod environment;
mod harness;
mod logs;
mod order;
mod processes;
mod recovery;
mod tasks;
mod values;

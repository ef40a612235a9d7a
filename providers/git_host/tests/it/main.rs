//! The local provider against real repositories and the real `git`.
// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used, clippy::panic)]

mod bench;
mod checkout;
mod diffs;
mod history;
mod http;
mod merge_cases;
mod merging;
mod provisioning;
mod rebasing;
mod refs;
mod staging;
mod walking;

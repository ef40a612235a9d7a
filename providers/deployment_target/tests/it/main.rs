//! The directory target on real folders.
// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used, clippy::panic)]

mod applying;
mod common;
mod declaring;
mod drifting;
mod health;
mod hostile;
mod parallel;

//! The port's contract, on layouts on disk and on a real registry, judged by skopeo.

// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod attachments;
mod bases;
mod contract;
mod damage;
mod remote;
mod support;
mod tools;

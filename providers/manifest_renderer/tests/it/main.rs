//! The renderer against `kubectl kustomize` and the schemas of Kubernetes, and what it refuses.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end where they fail"
)]

mod base;
mod cases;
mod differential;
mod refusals;
mod tools;

//! End to end: the built program, called over HTTP as its users call it, on SQLite and on
//! PostgreSQL, with real git, real processes and real kills.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

mod approvals;
mod chain;
mod commands;
mod crash;
mod delivery;
mod delivery_support;
mod deployment;
mod gates;
mod git_http;
mod identity;
mod lists;
mod refusals;
mod rest;
mod runs;
mod ship;
mod support;
mod walls;

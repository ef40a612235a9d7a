//! End to end: the built program, called over HTTP as its users call it, on SQLite and on
//! PostgreSQL, with real git, real processes and real kills.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

mod chain;
mod commands;
mod crash;
mod git_http;
mod identity;
mod lists;
mod rest;
mod runs;
mod ship;
mod support;

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
mod audits;
mod chain;
mod commands;
mod crash;
mod crash_prod;
mod delivery;
mod delivery_support;
mod deployment;
mod drift;
mod gates;
mod git_http;
mod identity;
mod ledger;
mod lineage;
mod lists;
mod node_clients;
mod prod_support;
mod refusals;
mod rest;
mod runs;
mod ship;
mod ship_prod;
mod stream_kills;
mod supply;
mod support;
mod walls;
mod watch;

//! What tests stand on: real databases of their own, waits with deadlines, users of several
//! tenants and scopes, and a GraphQL client. Used by tests only, where a panic is the report.
#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test's failure is a panic"
)]

mod client;
mod database;
mod events;
mod git;
mod postgres;
mod redis;
mod repository;
mod server;
mod socket;
mod users;
mod wait;

pub use client::{Answer, Client};
pub use database::{Backend, Databases};
pub use events::{drain, drained_types, event};
pub use git::{GitWrite, TrappedGit};
pub use postgres::PostgresServer;
pub use redis::RedisServer;
pub use repository::{KnownRepositories, LocalRepository, push, push_change, put_file, signature};
pub use server::Server;
pub use socket::{Said, Socket};
pub use users::{TokenKey, User};
pub use wait::{eventually, eventually_within};

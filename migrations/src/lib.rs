//! Schema migrations: one module per service store, each with its own migration table.
//!
//! Every store gets the common tables (outbox, inbox, idempotency); every aggregate table
//! starts its keys with the tenant and, on PostgreSQL, is walled in by row-level security.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, TransactionTrait},
};
use sluice_store::Store;

mod branch;
mod build_result;
mod bus;
pub mod common;
mod pipeline_execution;
mod pipeline_generator;
mod pull_request;
mod repository;

/// Why the migrations could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// There is no store of that name.
    #[error("no migrations are known for the store '{0}'")]
    UnknownStore(String),
    /// The database refused a step.
    #[error("a migration of the store '{store}' failed")]
    Database {
        /// The store.
        store: String,
        /// What the database said.
        #[source]
        source: DbErr,
    },
}

/// Names of all stores, in the order in which they are migrated.
pub const STORES: &[&str] = &[
    "bus",
    "repository",
    "pull_request",
    "build_result",
    "branch",
    "pipeline_execution",
    "pipeline_generator",
];

/// Brings the store's schema up to date. Safe to run by several processes at once.
///
/// # Errors
/// [`MigrationError`] with the database's words as source.
pub async fn migrate(store: &Store) -> Result<(), MigrationError> {
    let name = store.service();
    let connection = store.migration_connection();
    let failed = |source| MigrationError::Database {
        store: name.to_owned(),
        source,
    };
    if connection.get_database_backend() == DbBackend::Postgres {
        create_schema(connection, name).await.map_err(failed)?;
    }
    // Processes that start together take turns; on SQLite the one writer does this.
    let turn = connection.begin().await.map_err(failed)?;
    if connection.get_database_backend() == DbBackend::Postgres {
        let sql = format!("SELECT pg_advisory_xact_lock(hashtext('sluice.migrate.{name}'))");
        turn.execute_unprepared(&sql).await.map_err(failed)?;
    }
    let applied = match name {
        "bus" => bus::Migrator::up(&turn, None).await,
        "build_result" => build_result::Migrator::up(&turn, None).await,
        "pull_request" => pull_request::Migrator::up(&turn, None).await,
        "repository" => repository::Migrator::up(&turn, None).await,
        "branch" => branch::Migrator::up(&turn, None).await,
        "pipeline_generator" => pipeline_generator::Migrator::up(&turn, None).await,
        "pipeline_execution" => pipeline_execution::Migrator::up(&turn, None).await,
        other => return Err(MigrationError::UnknownStore(other.to_owned())),
    };
    applied.map_err(failed)?;
    turn.commit().await.map_err(failed)?;
    tracing::debug!(store = name, "migrations applied");
    Ok(())
}

async fn create_schema(connection: &DatabaseConnection, name: &str) -> Result<(), DbErr> {
    let turn = connection.begin().await?;
    // CREATE SCHEMA IF NOT EXISTS is not safe against itself.
    turn.execute_unprepared("SELECT pg_advisory_xact_lock(hashtext('sluice.schema'))")
        .await?;
    turn.execute_unprepared(&format!("CREATE SCHEMA IF NOT EXISTS \"{name}\""))
        .await?;
    turn.commit().await
}

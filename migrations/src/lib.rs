//! Schema migrations: one module per service store, each with its own migration table.
//!
//! Every store gets the common tables (outbox, inbox, idempotency); every aggregate table
//! starts its keys with the tenant and, on PostgreSQL, is walled in by row-level security.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{
        ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, Statement,
        TransactionTrait,
    },
};
use sluice_store::Store;

mod branch;
mod build_result;
mod bus;
mod commit;
pub mod common;
mod container_image;
mod deployment_manifest;
mod environment_promotion;
mod gitops_sync;
mod iac_provisioning;
mod ledger;
mod package_publishing;
mod pipeline_execution;
mod pipeline_generator;
mod project;
mod pull_request;
mod release;
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

macro_rules! stores {
    ($($name:ident),+ $(,)?) => {
        /// Names of all stores, in the order in which they are migrated.
        pub const STORES: &[&str] = &[$(stringify!($name)),+];

        async fn up(name: &str, turn: &DatabaseTransaction) -> Option<Result<(), DbErr>> {
            match name {
                $(stringify!($name) => Some($name::Migrator::up(turn, None).await),)+
                _ => None,
            }
        }

        fn known(name: &str) -> Option<Vec<Box<dyn MigrationTrait>>> {
            match name {
                $(stringify!($name) => Some($name::Migrator::migrations()),)+
                _ => None,
            }
        }
    };
}

// The module of a store's migrations is named after it.
stores! {
    bus,
    repository,
    branch,
    commit,
    pull_request,
    pipeline_generator,
    pipeline_execution,
    build_result,
    container_image,
    deployment_manifest,
    environment_promotion,
    release,
    gitops_sync,
    project,
    package_publishing,
    iac_provisioning,
    ledger,
}

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
    let Some(applied) = up(name, &turn).await else {
        return Err(MigrationError::UnknownStore(name.to_owned()));
    };
    applied.map_err(failed)?;
    turn.commit().await.map_err(failed)?;
    tracing::debug!(store = name, "migrations applied");
    Ok(())
}

/// The store's migrations that its database lacks, oldest first; changes nothing.
///
/// # Errors
/// [`MigrationError`] with the database's words as source.
pub async fn pending(store: &Store) -> Result<Vec<String>, MigrationError> {
    let name = store.service();
    let Some(known) = known(name) else {
        return Err(MigrationError::UnknownStore(name.to_owned()));
    };
    let applied = applied(store.migration_connection()).await;
    let applied = applied.map_err(|source| MigrationError::Database {
        store: name.to_owned(),
        source,
    })?;
    let names = known.iter().map(|migration| migration.name().to_owned());
    Ok(names.filter(|name| !applied.contains(name)).collect())
}

async fn applied(connection: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    const TABLE: &str = "seaql_migrations";
    if !SchemaManager::new(connection).has_table(TABLE).await? {
        return Ok(Vec::new());
    }
    let backend = connection.get_database_backend();
    let sql = format!("SELECT version FROM {TABLE}");
    let rows = connection
        .query_all_raw(Statement::from_string(backend, sql))
        .await?;
    rows.iter().map(|row| row.try_get("", "version")).collect()
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

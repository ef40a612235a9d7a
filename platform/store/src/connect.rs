//! How a service's database is opened.

use std::{path::PathBuf, str::FromStr, time::Duration};

use sea_orm::{DatabaseConnection, DbErr, RuntimeErr, SqlxPostgresConnector, SqlxSqliteConnector};
use sqlx::{
    Connection, SqliteConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::StoreError;

/// Where the stores are.
#[derive(Debug, Clone)]
pub enum StoreConfig {
    /// One SQLite file per service in this folder.
    Sqlite {
        /// The folder; made when absent.
        dir: PathBuf,
        /// Read-only connections per service.
        readers: u32,
    },
    /// One schema per service in this database.
    Postgres {
        /// `postgres://user:password@host:port/database`.
        url: String,
        /// Connections per service and process.
        connections: u32,
    },
}

/// A service's connections.
pub(crate) struct Pools {
    pub(crate) write: DatabaseConnection,
    pub(crate) read: DatabaseConnection,
}

// A transaction waits this long for the one writer or a free connection, then is told "busy".
const ACQUIRE: Duration = Duration::from_secs(15);

// Bytes of a SQLite file that readers map.
const MAPPED: &str = "1073741824";

// A connection that was idle for less is taken without a round trip to test it.
const UNTESTED: Duration = Duration::from_secs(5);

pub(crate) async fn connect(config: &StoreConfig, service: &str) -> Result<Pools, StoreError> {
    match config {
        StoreConfig::Sqlite { dir, readers } => sqlite(dir, service, *readers).await,
        StoreConfig::Postgres { url, connections } => postgres(url, service, *connections).await,
    }
}

fn refused(error: sqlx::Error) -> StoreError {
    StoreError::from(DbErr::Conn(RuntimeErr::SqlxError(error.into())))
}

// One writer and a read-only pool: many writers on SQLite only fail with "database is locked".
async fn sqlite(dir: &std::path::Path, service: &str, readers: u32) -> Result<Pools, StoreError> {
    tokio::fs::create_dir_all(dir)
        .await
        .map_err(|e| refused(e.into()))?;
    let options = SqliteConnectOptions::new()
        .filename(dir.join(format!("{service}.db")))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(10))
        .foreign_keys(true)
        .statement_cache_capacity(256);
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        .before_acquire(|connection, _| Box::pin(async move { Ok(outside(connection)) }))
        .connect_with(options.clone())
        .await
        .map_err(refused)?;
    let read = SqlitePoolOptions::new()
        .max_connections(readers.max(1))
        .acquire_timeout(ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        .before_acquire(|connection, _| Box::pin(async move { Ok(outside(connection)) }))
        // Read where the pages are, in the system's cache, instead of copying them.
        .connect_with(
            options
                .pragma("query_only", "ON")
                .pragma("mmap_size", MAPPED),
        )
        .await
        .map_err(refused)?;
    Ok(Pools {
        write: SqlxSqliteConnector::from_sqlx_sqlite_pool(write),
        read: SqlxSqliteConnector::from_sqlx_sqlite_pool(read),
    })
}

// A full disk makes SQLite end a transaction by itself. The driver goes on counting it, so that
// later ones would nest in it: their commits would reach neither other connections nor the disk.
fn outside(connection: &SqliteConnection) -> bool {
    let outside = !connection.is_in_transaction();
    if !outside {
        tracing::warn!("a connection whose transaction did not end is closed");
    }
    outside
}

async fn postgres(url: &str, service: &str, connections: u32) -> Result<Pools, StoreError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(refused)?
        .application_name(&format!("sluice-{service}"))
        .statement_cache_capacity(256)
        .options([
            ("search_path", service),
            // Parameterised LIMIT is planned anew each time otherwise: 2.5 times the cost.
            ("plan_cache_mode", "force_generic_plan"),
            // Statements are short; compiling the one that looks costly takes longer than it runs.
            ("jit", "off"),
            ("statement_timeout", "30000"),
            ("idle_in_transaction_session_timeout", "60000"),
        ]);
    let pool = PgPoolOptions::new()
        .max_connections(connections.max(2))
        .acquire_timeout(ACQUIRE)
        // A connection was tested when it came back; one that broke since is replaced when a
        // transaction begins on it.
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > UNTESTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options)
        .await
        .map_err(refused)?;
    let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
    Ok(Pools {
        write: connection.clone(),
        read: connection,
    })
}

//! What statements run on, whichever the database: one type for reads and writes.

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, Statement,
};

use crate::scoped::Scoped;

/// SQLite reads from the pool and writes in a transaction; PostgreSQL does both in a transaction
/// that carries the tenant for the row policies.
pub(crate) enum Session {
    /// Reads of SQLite.
    Pool(DatabaseConnection),
    /// Writes of SQLite.
    Sqlite(DatabaseTransaction),
    /// PostgreSQL.
    Scoped(Scoped),
}

impl Session {
    /// Commits what was written; reads have nothing to commit.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        match self {
            Self::Pool(_) => Ok(()),
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Scoped(transaction) => transaction.commit().await,
        }
    }
}

macro_rules! on {
    ($session:expr, $inner:ident => $call:expr) => {
        match $session {
            Session::Pool($inner) => $call.await,
            Session::Sqlite($inner) => $call.await,
            Session::Scoped($inner) => $call.await,
        }
    };
}

#[async_trait]
impl ConnectionTrait for Session {
    fn get_database_backend(&self) -> DbBackend {
        match self {
            Self::Scoped(_) => DbBackend::Postgres,
            Self::Pool(_) | Self::Sqlite(_) => DbBackend::Sqlite,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        on!(self, inner => inner.execute_raw(statement))
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        on!(self, inner => inner.execute_unprepared(sql))
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        on!(self, inner => inner.query_one_raw(statement))
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        on!(self, inner => inner.query_all_raw(statement))
    }
}

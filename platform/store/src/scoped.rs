//! Transactions of PostgreSQL: each carries the tenant for the row policies, from its first
//! message to its end.
//!
//! Beginning costs one round trip: `BEGIN` and the setting travel in one message. The rollback
//! that ends a read is sent while the connection goes back to its pool, so that nobody waits.

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement,
    sea_query::Values,
};
use sea_query_sqlx::SqlxValues;
use sqlx::{
    AssertSqlSafe, Database, Executor, PgPool, Postgres, SqlSafeStr, pool::PoolConnection,
    query::Query,
};
use sqlx_core::transaction::TransactionManager;
use tokio::sync::Mutex;

use crate::StoreError;

type Manager = <Postgres as Database>::TransactionManager;

/// What a transaction may do and see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Reads; each statement sees what is committed when it begins.
    Read,
    /// Reads; all statements see what the first one saw.
    Snapshot,
    /// Writes.
    Write,
}

impl Access {
    const fn begin(self) -> &'static str {
        match self {
            Self::Read => "BEGIN READ ONLY",
            Self::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Self::Write => "BEGIN",
        }
    }
}

/// A transaction for one tenant; dropped without a commit, it rolls back.
pub(crate) struct Scoped {
    connection: Mutex<PoolConnection<Postgres>>,
    begun: bool,
}

// Connections that a restarted server left behind; the pool replaces each that turns out broken.
const MOST_BROKEN: usize = 16;

impl Scoped {
    /// Begins for `tenant`, a name or `*` for all.
    pub(crate) async fn begin(
        pool: &PgPool,
        tenant: &str,
        access: Access,
    ) -> Result<Self, StoreError> {
        let sql = begin_sql(tenant, access)?;
        let mut broken = 0;
        loop {
            let connection = pool.acquire().await.map_err(conn_err)?;
            let mut scoped = Self {
                connection: Mutex::new(connection),
                begun: false,
            };
            let begin = AssertSqlSafe(sql.clone()).into_sql_str();
            match Manager::begin(scoped.connection.get_mut(), Some(begin)).await {
                Ok(()) => {
                    scoped.begun = true;
                    return Ok(scoped);
                }
                Err(error) if is_broken(&error) && broken < MOST_BROKEN => broken += 1,
                Err(error) => return Err(query_err(error).into()),
            }
        }
    }

    pub(crate) async fn commit(mut self) -> Result<(), DbErr> {
        Manager::commit(self.connection.get_mut())
            .await
            .map_err(exec_err)
    }
}

impl Drop for Scoped {
    fn drop(&mut self) {
        let connection = self.connection.get_mut();
        if self.begun {
            // Sent with the next message; nothing happens once it was committed.
            Manager::start_rollback(connection);
        } else {
            // Nobody knows how far it came: whoever is next must not be inside its transaction.
            connection.close_on_drop();
        }
    }
}

// The setting is a literal, as messages of several statements take no binds.
fn begin_sql(tenant: &str, access: Access) -> Result<String, StoreError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let name = !tenant.is_empty() && tenant.bytes().all(plain);
    if !name && tenant != "*" {
        return Err(StoreError::damaged("tenant", "not a name"));
    }
    let begin = access.begin();
    Ok(format!("{begin}; SET LOCAL sluice.tenant = '{tenant}'"))
}

fn is_broken(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        // The server shut down while the connection was idle.
        sqlx::Error::Database(told) => {
            matches!(told.code().as_deref(), Some("57P01" | "57P02" | "08006"))
        }
        _ => false,
    }
}

fn conn_err(error: sqlx::Error) -> StoreError {
    DbErr::Conn(RuntimeErr::SqlxError(error.into())).into()
}

fn query_err(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

fn exec_err(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}

// Prepared once per connection and text.
fn prepared(statement: Statement) -> Query<'static, Postgres, SqlxValues> {
    let values = statement.values.unwrap_or(Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql), SqlxValues(values))
}

#[async_trait]
impl ConnectionTrait for Scoped {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut connection = self.connection.lock().await;
        let done = prepared(statement).execute(&mut **connection).await;
        done.map(Into::into).map_err(exec_err)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut connection = self.connection.lock().await;
        let done = connection.execute(AssertSqlSafe(sql.to_owned())).await;
        done.map(Into::into).map_err(exec_err)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut connection = self.connection.lock().await;
        let row = prepared(statement).fetch_optional(&mut **connection).await;
        row.map(|row| row.map(Into::into)).map_err(query_err)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut connection = self.connection.lock().await;
        let rows = prepared(statement).fetch_all(&mut **connection).await;
        let rows = rows.map_err(query_err)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_no_name_never_becomes_a_setting() {
        assert_eq!(
            begin_sql("acme-1.x", Access::Read).unwrap(),
            "BEGIN READ ONLY; SET LOCAL sluice.tenant = 'acme-1.x'"
        );
        assert!(begin_sql("*", Access::Write).is_ok());
        for refused in ["", "a'b", "a;b", "a b", "**", "ü", "a\\"] {
            assert!(begin_sql(refused, Access::Read).is_err(), "{refused}");
        }
    }
}

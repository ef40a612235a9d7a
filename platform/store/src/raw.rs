//! Transactions for platform tables that hold no aggregates (the embedded bus).

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, QueryResult, Statement, Value};

use crate::{Store, StoreError};

/// A transaction in SQL, for platform crates: services use [`Tx`](crate::Tx).
pub struct RawTx {
    inner: DatabaseTransaction,
    backend: DbBackend,
}

impl Store {
    /// Begins a transaction that belongs to no tenant.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the writer is not free in time.
    pub async fn begin_raw(&self) -> Result<RawTx, StoreError> {
        Ok(RawTx {
            inner: self.begin_as("*").await?,
            backend: self.backend(),
        })
    }
}

impl RawTx {
    /// Runs a statement; returns how many rows it changed.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn execute<const N: usize>(
        &self,
        sql: &str,
        values: [Value; N],
    ) -> Result<u64, StoreError> {
        let statement = Statement::from_sql_and_values(self.backend, sql, values);
        Ok(self.inner.execute_raw(statement).await?.rows_affected())
    }

    /// Runs a query.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn query<const N: usize>(
        &self,
        sql: &str,
        values: [Value; N],
    ) -> Result<Vec<QueryResult>, StoreError> {
        let statement = Statement::from_sql_and_values(self.backend, sql, values);
        Ok(self.inner.query_all_raw(statement).await?)
    }

    /// Takes a lock of that name until the end of the transaction; `false` when another holds
    /// it. On SQLite the one writer is the lock.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn try_lock(&self, name: &str) -> Result<bool, StoreError> {
        if self.backend != DbBackend::Postgres {
            return Ok(true);
        }
        let sql = "SELECT pg_try_advisory_xact_lock(hashtext($1)) AS taken";
        let rows = self.query(sql, [name.into()]).await?;
        Ok(rows
            .first()
            .map(|row| row.try_get("", "taken"))
            .transpose()?
            .unwrap_or(false))
    }

    /// Commits.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }
}

//! Transactions for platform tables that hold no aggregates (the embedded bus).

use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, Value};

use sluice_kernel::Ctx;

use crate::{Store, StoreError, session::Session};

/// One snapshot of a platform store for a caller: rows of its tenant alone on PostgreSQL, where
/// row policies hold; a query names the tenant all the same, as SQLite has no such wall.
pub struct RawRead<'a> {
    reader: Session,
    backend: DbBackend,
    ctx: &'a Ctx,
}

impl Store {
    /// Reads for `ctx`'s tenant in SQL; statements count towards `ctx`.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn read_raw<'a>(&self, ctx: &'a Ctx) -> Result<RawRead<'a>, StoreError> {
        Ok(RawRead {
            reader: self.snapshot(ctx).await?,
            backend: self.backend(),
            ctx,
        })
    }
}

impl Store {
    /// Runs one query over the rows of every tenant, for platform workers: never for a caller.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn query_everywhere(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value> + Send,
    ) -> Result<Vec<QueryResult>, StoreError> {
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        let reader = self.reader_everywhere().await?;
        Ok(reader.query_all_raw(statement).await?)
    }
}

impl RawRead<'_> {
    /// Which database it is.
    pub fn backend(&self) -> DbBackend {
        self.backend
    }

    /// Runs a query. Binds are `$1`, `$2`, … on both databases; a bind may stand several times.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn query(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value> + Send,
    ) -> Result<Vec<QueryResult>, StoreError> {
        self.ctx.statements().add();
        let statement = Statement::from_sql_and_values(self.backend, sql, values);
        let rows = self.reader.query_all_raw(statement).await?;
        self.ctx.statements().add_rows(rows.len());
        Ok(rows)
    }
}

/// A transaction in SQL, for platform crates: services use [`Tx`](crate::Tx).
pub struct RawTx {
    inner: Session,
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
    /// Which database it is.
    pub fn backend(&self) -> DbBackend {
        self.backend
    }

    /// Runs a statement; returns how many rows it changed.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn execute(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value> + Send,
    ) -> Result<u64, StoreError> {
        let statement = Statement::from_sql_and_values(self.backend, sql, values);
        Ok(self.inner.execute_raw(statement).await?.rows_affected())
    }

    /// Runs a query.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn query(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value> + Send,
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

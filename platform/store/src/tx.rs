//! The one transaction type.

use sea_orm::{
    ActiveModelTrait, ConnectionTrait, IdenStatic, IntoActiveModel, QueryFilter, Statement,
    sea_query::{Alias, Expr, ExprTrait},
};
use sluice_kernel::{Ctx, micros};
use sluice_schema::{Envelope, EventId, NewEvent};

use crate::{AggregateEntity, Finder, Store, StoreError, outbox, session::Session};

/// A transaction of one service for one context. Dropped without [`Tx::commit`], it rolls back.
pub struct Tx {
    inner: Session,
    store: Store,
    ctx: Ctx,
}

impl Tx {
    pub(crate) fn new(inner: Session, store: Store, ctx: Ctx) -> Self {
        Self { inner, store, ctx }
    }

    pub(crate) fn connection(&self) -> &Session {
        &self.inner
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// The context that it acts for.
    pub fn ctx(&self) -> &Ctx {
        &self.ctx
    }

    /// Reads inside the transaction.
    pub fn find<E: AggregateEntity>(&self) -> Finder<'_, E> {
        Finder::of_tx(self)
    }

    /// Inserts a row.
    ///
    /// # Errors
    /// [`StoreError::Unique`] when a key is taken: drop the transaction and read what is there.
    pub async fn insert<E: AggregateEntity>(&self, row: E::Model) -> Result<(), StoreError>
    where
        E::Model: IntoActiveModel<E::ActiveModel>,
    {
        self.ctx.statements().add();
        let row = row.into_active_model().reset_all();
        E::insert(row).exec_without_returning(&self.inner).await?;
        Ok(())
    }

    /// Inserts many rows, in chunks that stay below the databases' limits of bound values.
    ///
    /// # Errors
    /// [`StoreError::Unique`] when a key is taken.
    pub async fn insert_many<E: AggregateEntity>(
        &self,
        rows: Vec<E::Model>,
    ) -> Result<(), StoreError>
    where
        E::Model: IntoActiveModel<E::ActiveModel>,
    {
        use sea_orm::Iterable;
        // SQLite binds at most 32,766 values in one statement.
        let per_chunk = (30_000 / E::Column::iter().count().max(1)).clamp(1, 1_000);
        let mut rows = rows.into_iter();
        loop {
            let chunk: Vec<_> = rows
                .by_ref()
                .take(per_chunk)
                .map(|row| row.into_active_model().reset_all())
                .collect();
            if chunk.is_empty() {
                return Ok(());
            }
            self.ctx.statements().add();
            E::insert_many(chunk)
                .exec_without_returning(&self.inner)
                .await?;
        }
    }

    /// Saves a row that was read at `row`'s version and raises its version by one.
    ///
    /// # Errors
    /// [`StoreError::VersionConflict`] when it changed since.
    pub async fn update<E: AggregateEntity>(&self, row: E::Model) -> Result<i64, StoreError>
    where
        E::Model: IntoActiveModel<E::ActiveModel>,
    {
        self.ctx.statements().add();
        let id = E::id_of(&row).to_owned();
        let expected = E::version_of(&row);
        let mut row = row.into_active_model().reset_all();
        row.set(E::COLUMNS.version, (expected + 1).into());
        let column = |column: E::Column| Expr::col(Alias::new(column.as_str()));
        let updated = E::update_many()
            .set(row)
            .filter(column(E::COLUMNS.tenant).eq(self.ctx.tenant().as_str()))
            .filter(column(E::COLUMNS.id).eq(id.as_str()))
            .filter(column(E::COLUMNS.version).eq(expected))
            .exec(&self.inner)
            .await?;
        if updated.rows_affected == 0 {
            return Err(StoreError::VersionConflict { kind: E::KIND, id });
        }
        Ok(expected + 1)
    }

    /// Notes that `consumer` handles this event; `false` when it has done so before, in which
    /// case the handler must change nothing.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn first_delivery(&self, consumer: &str, event: EventId) -> Result<bool, StoreError> {
        let sql = "INSERT INTO inbox (consumer, event_id, handled_at) VALUES ($1, $2, $3) \
                   ON CONFLICT (consumer, event_id) DO NOTHING";
        let now = micros(self.store.clock().now());
        let done = self
            .inner
            .execute_raw(
                self.statement(sql, [consumer.into(), event.to_string().into(), now.into()]),
            )
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Keeps what the caller's idempotency key, if any, stands for.
    ///
    /// # Errors
    /// [`StoreError::Unique`] when the same key is being used at the same time.
    pub async fn remember(&self, command: &str, object_id: &str) -> Result<(), StoreError> {
        let Some(key) = self.ctx.idempotency() else {
            return Ok(());
        };
        let sql = "INSERT INTO idempotency \
                   (tenant_id, actor, command, key, fingerprint, object_id, created_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let values = [
            self.ctx.tenant().as_str().into(),
            self.ctx.actor().id.as_str().into(),
            command.into(),
            key.key.as_str().into(),
            key.fingerprint.to_string().into(),
            object_id.into(),
            micros(self.store.clock().now()).into(),
        ];
        self.inner.execute_raw(self.statement(sql, values)).await?;
        Ok(())
    }

    /// Commits, with the events that the changes amount to. There is no other commit.
    ///
    /// # Errors
    /// What the database fails with; nothing took effect then, unless the connection broke
    /// during the commit itself.
    pub async fn commit(
        self,
        events: impl IntoIterator<Item = NewEvent>,
    ) -> Result<Vec<Envelope>, StoreError> {
        let now = self.store.clock().now();
        let envelopes: Vec<Envelope> = events
            .into_iter()
            .map(|event| outbox::seal(&self.ctx, now, event))
            .collect();
        outbox::write(&self.inner, self.store.backend(), &envelopes).await?;
        self.inner.commit().await?;
        if !envelopes.is_empty() {
            self.store.committed().notify_one();
        }
        Ok(envelopes)
    }

    fn statement<const N: usize>(&self, sql: &str, values: [sea_orm::Value; N]) -> Statement {
        Statement::from_sql_and_values(self.store.backend(), sql, values)
    }
}

impl Store {
    /// What the caller's idempotency key was used for with this command: the object's id.
    ///
    /// # Errors
    /// [`StoreError::IdempotencyConflict`] when it stood for another request.
    pub async fn recall(&self, ctx: &Ctx, command: &str) -> Result<Option<String>, StoreError> {
        let Some(key) = ctx.idempotency() else {
            return Ok(None);
        };
        let sql = "SELECT fingerprint, object_id FROM idempotency \
                   WHERE tenant_id = $1 AND actor = $2 AND command = $3 AND key = $4";
        let values = [
            ctx.tenant().as_str().into(),
            ctx.actor().id.as_str().into(),
            command.into(),
            key.key.as_str().into(),
        ];
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        let row = self.reader(ctx).await?.query_one_raw(statement).await?;
        let Some(row) = row else { return Ok(None) };
        let fingerprint: String = row.try_get("", "fingerprint")?;
        if fingerprint != key.fingerprint.to_string() {
            return Err(StoreError::IdempotencyConflict);
        }
        Ok(Some(row.try_get("", "object_id")?))
    }
}

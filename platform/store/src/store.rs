//! One service's database.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, TransactionTrait};
use sluice_kernel::{Clock, Ctx};
use tokio::sync::Notify;

use crate::{
    AggregateEntity, Finder, Outbox, StoreConfig, StoreError, Tx,
    connect::{Pools, connect},
    scoped::{Access, Scoped},
    session::Session,
};

struct Inner {
    service: &'static str,
    pools: Pools,
    clock: Arc<dyn Clock>,
    committed: Arc<Notify>,
}

/// One service's database; cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

/// The tenant that stands for "all" in the row policies; no caller can carry it as `*` is not
/// a valid tenant name.
const EVERY_TENANT: &str = "*";

impl Store {
    /// Opens `service`'s database; the schema is made by the migrations.
    ///
    /// # Errors
    /// [`StoreError::Connection`] and its like when the database cannot be opened.
    pub async fn open(
        config: &StoreConfig,
        service: &'static str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let pools = connect(config, service).await?;
        let committed = Arc::new(Notify::new());
        Ok(Self(Arc::new(Inner {
            service,
            pools,
            clock,
            committed,
        })))
    }

    /// The service that owns it.
    pub fn service(&self) -> &'static str {
        self.0.service
    }

    /// The clock that its times come from.
    pub fn clock(&self) -> &dyn Clock {
        self.0.clock.as_ref()
    }

    /// Which database it is.
    pub fn backend(&self) -> DbBackend {
        self.0.pools.write.get_database_backend()
    }

    /// Whether several processes may have it open: PostgreSQL, but no SQLite file.
    pub fn is_shared(&self) -> bool {
        self.backend() == DbBackend::Postgres
    }

    /// The connection for migrations; nothing else may use it.
    pub fn migration_connection(&self) -> &DatabaseConnection {
        &self.0.pools.write
    }

    /// The events that wait for the relay.
    pub fn outbox(&self) -> Outbox<'_> {
        Outbox::new(self)
    }

    /// Told at every commit that wrote events.
    pub fn committed(&self) -> Arc<Notify> {
        self.0.committed.clone()
    }

    /// Begins a transaction for `ctx`'s tenant; dropping it rolls back.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the writer is not free in time.
    pub async fn begin(&self, ctx: &Ctx) -> Result<Tx, StoreError> {
        let inner = self.begin_as(ctx.tenant().as_str()).await?;
        Ok(Tx::new(inner, self.clone(), ctx.clone()))
    }

    /// Reads aggregates of `ctx`'s tenant and projects.
    pub fn find<'a, E: AggregateEntity>(&'a self, ctx: &'a Ctx) -> Finder<'a, E> {
        Finder::of_store(self, ctx)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// What it fails with.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.0.pools.read.execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// Rows of every tenant that match, for recovery loops and workers: never for a caller.
    ///
    /// # Errors
    /// What the database fails with.
    pub async fn find_everywhere<E: AggregateEntity>(
        &self,
        condition: sea_orm::Condition,
        limit: u64,
    ) -> Result<Vec<E::Model>, StoreError> {
        use sea_orm::{EntityTrait, QueryFilter, QueryOrder, QuerySelect};
        let query = <E as EntityTrait>::find()
            .filter(condition)
            .order_by_asc(E::COLUMNS.id)
            .limit(limit);
        let reader = self.reader_everywhere().await?;
        Ok(query.all(&reader).await?)
    }

    /// A reader of every tenant's rows.
    pub(crate) async fn reader_everywhere(&self) -> Result<Session, StoreError> {
        self.reader_as(EVERY_TENANT, Access::Read).await
    }

    pub(crate) async fn reader(&self, ctx: &Ctx) -> Result<Session, StoreError> {
        self.reader_as(ctx.tenant().as_str(), Access::Read).await
    }

    /// A reader for the process itself.
    pub(crate) async fn platform_reader(&self) -> Result<Session, StoreError> {
        self.reader_as(EVERY_TENANT, Access::Read).await
    }

    /// A reader whose statements all see the same on PostgreSQL.
    pub(crate) async fn snapshot(&self, ctx: &Ctx) -> Result<Session, StoreError> {
        let tenant = ctx.tenant().as_str();
        self.reader_as(tenant, Access::Snapshot).await
    }

    // Row-level security is the second wall: even a query without a tenant condition sees only
    // this tenant's rows.
    async fn reader_as(&self, tenant: &str, access: Access) -> Result<Session, StoreError> {
        let read = &self.0.pools.read;
        if self.backend() != DbBackend::Postgres {
            return Ok(Session::Pool(read.clone()));
        }
        let pool = read.get_postgres_connection_pool();
        Ok(Session::Scoped(Scoped::begin(pool, tenant, access).await?))
    }

    pub(crate) async fn begin_as(&self, tenant: &str) -> Result<Session, StoreError> {
        let write = &self.0.pools.write;
        if self.backend() == DbBackend::Postgres {
            let pool = write.get_postgres_connection_pool();
            let begun = Scoped::begin(pool, tenant, Access::Write).await?;
            return Ok(Session::Scoped(begun));
        }
        let options = sea_orm::TransactionOptions {
            sqlite_transaction_mode: Some(sea_orm::SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        Ok(Session::Sqlite(write.begin_with_options(options).await?))
    }
}

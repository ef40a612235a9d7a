//! Steps that every store shares.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, string, string_null},
    sea_orm::{ConnectionTrait, DbBackend},
};

/// The tables behind [`sluice_store::Tx`]: outbox, inbox and idempotency keys. They hold no
/// aggregates and are read by the process itself, so that row policies do not apply to them.
///
/// # Errors
/// What the database fails with.
pub async fn create_infrastructure(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let position = match manager.get_database_backend() {
        DbBackend::Postgres => "position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        _ => "position INTEGER PRIMARY KEY AUTOINCREMENT",
    };
    let connection = manager.get_connection();
    for sql in [
        format!(
            "CREATE TABLE outbox ({position}, event_id TEXT NOT NULL UNIQUE, \
             envelope TEXT NOT NULL, claimed_until BIGINT NOT NULL)"
        ),
        "CREATE TABLE inbox (consumer TEXT NOT NULL, event_id TEXT NOT NULL, \
         handled_at BIGINT NOT NULL, PRIMARY KEY (consumer, event_id))"
            .to_owned(),
        "CREATE TABLE idempotency (tenant_id TEXT NOT NULL, actor TEXT NOT NULL, \
         command TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, \
         object_id TEXT NOT NULL, created_at BIGINT NOT NULL, \
         PRIMARY KEY (tenant_id, actor, command, key))"
            .to_owned(),
    ] {
        connection.execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Adds to a store's outbox, where it has one, in which life of the bus's memory an event was
/// published. The last migration of every store.
pub(crate) struct TrackPublished;

impl MigrationName for TrackPublished {
    fn name(&self) -> &'static str {
        "outbox_track_published"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for TrackPublished {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if !manager.has_table("outbox").await? {
            return Ok(());
        }
        let connection = manager.get_connection();
        for sql in [
            "ALTER TABLE outbox ADD COLUMN published_in TEXT",
            "CREATE INDEX outbox_published ON outbox (published_in, position)",
        ] {
            connection.execute_unprepared(sql).await?;
        }
        Ok(())
    }
}

/// Begins an aggregate's table: its common columns and its key (tenant, id).
pub fn aggregate_table(name: &'static str) -> TableCreateStatement {
    Table::create()
        .table(name)
        .col(string("tenant_id"))
        .col(string("id"))
        .col(string("project_id"))
        .col(string_null("module_id"))
        .col(big_integer("version"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .col(string("created_by"))
        .col(string("updated_by"))
        .col(string("trace_id"))
        .col(string("correlation_id"))
        .primary_key(Index::create().col("tenant_id").col("id"))
        .to_owned()
}

/// Creates the aggregate's table, its wall, and the indices that every list's orders use.
///
/// # Errors
/// What the database fails with.
pub async fn create_aggregate(
    manager: &SchemaManager<'_>,
    name: &'static str,
    table: TableCreateStatement,
) -> Result<(), DbErr> {
    manager.create_table(table).await?;
    create_index(manager, name, &["tenant_id", "created_at", "id"], false).await?;
    create_index(manager, name, &["tenant_id", "updated_at", "id"], false).await?;
    create_index(manager, name, &["tenant_id", "project_id", "id"], false).await?;
    wall_in(manager, name).await
}

/// An index named after its columns.
///
/// # Errors
/// What the database fails with.
pub async fn create_index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
    unique: bool,
) -> Result<(), DbErr> {
    let mut index = Index::create();
    index
        .name(format!("{table}_{}", columns.join("_")))
        .table(table);
    for column in columns {
        index.col(*column);
    }
    if unique {
        index.unique();
    }
    manager.create_index(index).await
}

// FORCE: the policies hold for the table's owner too, which is the role that Sluice runs as.
// A superuser passes them all the same; the server refuses to start as one in production.
pub(crate) async fn wall_in(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let connection = manager.get_connection();
    for sql in [
        format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"),
        format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY"),
        format!(
            "CREATE POLICY {table}_tenant ON {table} USING ( \
               tenant_id = current_setting('sluice.tenant', true) \
               OR current_setting('sluice.tenant', true) = '*')"
        ),
    ] {
        connection.execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Declares a migration that adds indices: `Name as "name": table [column, …], …`.
#[macro_export]
macro_rules! add_indices {
    ($migration:ident as $name:literal: $($table:literal [$($column:literal),+]),+ $(,)?) => {
        struct $migration;

        impl sea_orm_migration::MigrationName for $migration {
            fn name(&self) -> &str {
                $name
            }
        }

        #[sea_orm_migration::async_trait::async_trait]
        impl sea_orm_migration::MigrationTrait for $migration {
            async fn up(
                &self,
                manager: &sea_orm_migration::SchemaManager,
            ) -> Result<(), sea_orm_migration::sea_orm::DbErr> {
                $($crate::common::create_index(manager, $table, &[$($column),+], false).await?;)+
                Ok(())
            }
        }
    };
}

/// Declares a `Migrator` with the listed migrations.
#[macro_export]
macro_rules! migrator {
    ($($migration:ident),+ $(,)?) => {
        /// The store's migrations, oldest first.
        pub(crate) struct Migrator;

        #[sea_orm_migration::async_trait::async_trait]
        impl sea_orm_migration::MigratorTrait for Migrator {
            fn migrations() -> Vec<Box<dyn sea_orm_migration::MigrationTrait>> {
                vec![$(Box::new($migration),)+ Box::new($crate::common::TrackPublished)]
            }
        }
    };
}

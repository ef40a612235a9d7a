//! Store of the ledger: the events in order, and the read models made from them.

use sea_orm_migration::{prelude::*, sea_orm::ConnectionTrait};

use crate::common::wall_in;

mod chain;
mod history;
mod lineage;

crate::migrator!(CreateLedger);

#[derive(DeriveMigrationName)]
struct CreateLedger;

#[async_trait::async_trait]
impl MigrationTrait for CreateLedger {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        events(manager).await?;
        lineage::up(manager).await?;
        chain::up(manager).await?;
        history::up(manager).await
    }
}

// Hashes are SHA-256, hexadecimal; times are microseconds since 1970.
async fn events(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    create(
        manager,
        "ledger_head",
        "sequence BIGINT NOT NULL, hash TEXT NOT NULL",
        "",
    )
    .await?;
    create(
        manager,
        "ledger_event",
        "sequence BIGINT NOT NULL, event_id TEXT NOT NULL, event_type TEXT NOT NULL, \
         schema_version BIGINT NOT NULL, project_id TEXT NOT NULL, module_id TEXT, \
         subject_kind TEXT NOT NULL, subject_id TEXT NOT NULL, actor_kind TEXT NOT NULL, \
         actor_id TEXT NOT NULL, trace_id TEXT NOT NULL, correlation_id TEXT NOT NULL, \
         causation_id TEXT, occurred_at BIGINT NOT NULL, payload TEXT NOT NULL, \
         hash TEXT NOT NULL",
        "sequence",
    )
    .await?;
    manager
        .get_connection()
        .execute_unprepared(
            "CREATE UNIQUE INDEX ledger_event_event_id ON ledger_event (tenant_id, event_id)",
        )
        .await?;
    for columns in [
        "subject_id, sequence",
        "event_type, sequence",
        "correlation_id, sequence",
        "actor_id, sequence",
        "project_id, sequence",
        "occurred_at, sequence",
    ] {
        index(manager, "ledger_event", columns).await?;
    }
    Ok(())
}

/// A walled-in table whose columns and key begin with the tenant.
async fn create(
    manager: &SchemaManager<'_>,
    name: &str,
    columns: &str,
    key: &str,
) -> Result<(), DbErr> {
    let key = if key.is_empty() {
        "tenant_id".to_owned()
    } else {
        format!("tenant_id, {key}")
    };
    let sql =
        format!("CREATE TABLE {name} (tenant_id TEXT NOT NULL, {columns}, PRIMARY KEY ({key}))");
    manager.get_connection().execute_unprepared(&sql).await?;
    wall_in(manager, name).await
}

/// An index that begins with the tenant and is named after its columns.
async fn index(manager: &SchemaManager<'_>, table: &str, columns: &str) -> Result<(), DbErr> {
    let name = columns.replace(", ", "_");
    let sql = format!("CREATE INDEX {table}_{name} ON {table} (tenant_id, {columns})");
    manager.get_connection().execute_unprepared(&sql).await?;
    Ok(())
}

//! Store of the embedded bus: messages, and one delivery for each consumer of each message.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

crate::migrator!(CreateBus, IndexLeases);

#[derive(DeriveMigrationName)]
struct CreateBus;

#[async_trait::async_trait]
impl MigrationTrait for CreateBus {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let position = match manager.get_database_backend() {
            DbBackend::Postgres => "position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
            _ => "position INTEGER PRIMARY KEY AUTOINCREMENT",
        };
        let connection = manager.get_connection();
        for sql in [
            format!(
                "CREATE TABLE message ({position}, event_id TEXT NOT NULL UNIQUE, \
                 envelope TEXT NOT NULL)"
            ),
            "CREATE TABLE delivery (consumer TEXT NOT NULL, event_id TEXT NOT NULL, \
             position BIGINT NOT NULL, tenant_id TEXT NOT NULL, subject_id TEXT NOT NULL, \
             attempts BIGINT NOT NULL, available_at BIGINT NOT NULL, \
             claimed_until BIGINT NOT NULL, last_error TEXT, dead_at BIGINT, \
             PRIMARY KEY (consumer, event_id))"
                .to_owned(),
            "CREATE INDEX delivery_consumer_position ON delivery (consumer, position)".to_owned(),
            "CREATE INDEX delivery_consumer_subject \
             ON delivery (consumer, subject_id, position)"
                .to_owned(),
            "CREATE INDEX delivery_event ON delivery (event_id)".to_owned(),
            "CREATE INDEX delivery_dead ON delivery (tenant_id, dead_at)".to_owned(),
        ] {
            connection.execute_unprepared(&sql).await?;
        }
        Ok(())
    }
}

struct IndexLeases;

// The derived name is the file's, which the first migration has.
impl MigrationName for IndexLeases {
    fn name(&self) -> &'static str {
        "bus_index_leases"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for IndexLeases {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Whether a consumer's events are leased is asked before each run of them.
        let sql = "CREATE INDEX delivery_leased ON delivery (consumer, claimed_until) \
                   WHERE claimed_until > 0";
        manager.get_connection().execute_unprepared(sql).await?;
        Ok(())
    }
}

//! Store of the repository service.

use sea_orm_migration::{
    prelude::*,
    schema::{string, string_null},
};

use crate::common::{aggregate_table, create_aggregate, create_index, create_infrastructure};

crate::migrator!(CreateRepository);

#[derive(DeriveMigrationName)]
struct CreateRepository;

#[async_trait::async_trait]
impl MigrationTrait for CreateRepository {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_infrastructure(manager).await?;
        let table = aggregate_table("repository")
            .col(string("name"))
            .col(string_null("description"))
            .col(string("provider"))
            .col(string("remote_url"))
            .col(string("default_branch"))
            .col(string("visibility"))
            .col(string("status"))
            .to_owned();
        create_aggregate(manager, "repository", table).await?;
        create_index(
            manager,
            "repository",
            &["tenant_id", "project_id", "name"],
            true,
        )
        .await?;
        create_index(manager, "repository", &["tenant_id", "name", "id"], false).await?;
        create_index(manager, "repository", &["status"], false).await
    }
}

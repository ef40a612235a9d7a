//! Store of the projects.

use sea_orm_migration::{prelude::*, schema::text};

use crate::common::{aggregate_table, create_aggregate, create_infrastructure};

crate::migrator!(CreateProject);

#[derive(DeriveMigrationName)]
struct CreateProject;

#[async_trait::async_trait]
impl MigrationTrait for CreateProject {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_infrastructure(manager).await?;
        let table = aggregate_table("project").col(text("policies")).to_owned();
        create_aggregate(manager, "project", table).await
    }
}

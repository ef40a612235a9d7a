//! Store of the pipeline generator.

use sea_orm_migration::{
    prelude::*,
    schema::{boolean, string, string_null, text, text_null},
};

use crate::common::{aggregate_table, create_aggregate, create_index, create_infrastructure};

crate::migrator!(CreatePipelineDefinition, AddEdges);

// What the edges of the API look up, in the orders that lists are shown in.
crate::add_indices! {
    AddEdges as "pipeline_generator_edges":
    "pipeline_definition" ["tenant_id", "pull_request_id"],
}

#[derive(DeriveMigrationName)]
struct CreatePipelineDefinition;

#[async_trait::async_trait]
impl MigrationTrait for CreatePipelineDefinition {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_infrastructure(manager).await?;
        create_definition(manager).await?;
        create_generation(manager).await
    }
}

async fn create_definition(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let name = "pipeline_definition";
    let table = aggregate_table(name)
        .col(string("repository_id"))
        .col(string("repository_name"))
        .col(text("branch"))
        .col(string("commit_sha"))
        .col(text_null("module"))
        .col(string_null("module_digest"))
        .col(string("content_digest"))
        .col(text_null("yaml"))
        .col(string_null("yaml_path"))
        .col(string_null("definition_sha"))
        .col(string("status"))
        .col(text("findings"))
        .col(string_null("pull_request_id"))
        .col(boolean("auto_run"))
        .to_owned();
    create_aggregate(manager, name, table).await?;
    let key = ["tenant_id", "repository_id", "content_digest"];
    create_index(manager, name, &key, true).await?;
    for order in ["created_at", "updated_at"] {
        let columns = ["tenant_id", "repository_id", order, "id"];
        create_index(manager, name, &columns, false).await?;
    }
    Ok(())
}

// One row per commit, whose id is made of the repository and the commit.
async fn create_generation(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let name = "pipeline_generation";
    let table = aggregate_table(name)
        .col(string("pipeline_id"))
        .col(text("branch"))
        .col(text("default_branch"))
        .col(string_null("pull_request_id"))
        .col(string("status"))
        .to_owned();
    create_aggregate(manager, name, table).await?;
    create_index(manager, name, &["status"], false).await
}

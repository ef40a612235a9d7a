//! Store of the build result service.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, integer, string, string_null, text, text_null},
};

use crate::common::{aggregate_table, create_aggregate, create_index, create_infrastructure};

crate::migrator!(CreateBuildResult, AddEdges);

// What the edges of the API look up, in the orders that lists are shown in.
crate::add_indices! {
    AddEdges as "build_result_edges":
    "build_result" ["tenant_id", "pipeline_id", "created_at", "id"],
    "build_result" ["tenant_id", "project_id", "created_at", "id"],
}

#[derive(DeriveMigrationName)]
struct CreateBuildResult;

#[async_trait::async_trait]
impl MigrationTrait for CreateBuildResult {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_infrastructure(manager).await?;
        let builds = aggregate_table("build_result")
            .col(string("run_key"))
            .col(string("content_digest"))
            .col(string_null("run_id"))
            .col(string_null("pipeline_id"))
            .col(string("repository_id"))
            .col(string("branch"))
            .col(string("commit_sha"))
            .col(string("status"))
            .col(text_null("reason"))
            .col(text_null("tests"))
            .col(text_null("coverage"))
            .col(text("artifacts"))
            .col(text("findings"))
            .col(text_null("module"))
            .col(string_null("logs_uri"))
            .col(string_null("external_url"))
            .col(big_integer_null("started_at"))
            .col(big_integer("finished_at"))
            .to_owned();
        create_aggregate(manager, "build_result", builds).await?;
        for columns in [
            &["tenant_id", "run_id"][..],
            &["tenant_id", "commit_sha"],
            &["tenant_id", "repository_id", "created_at", "id"],
        ] {
            create_index(manager, "build_result", columns, false).await?;
        }
        create_index(manager, "build_result", &["tenant_id", "run_key"], true).await?;
        let cases = aggregate_table("test_case")
            .col(string("build_id"))
            .col(integer("rank"))
            .col(text("suite"))
            .col(text("class"))
            .col(text("name"))
            .col(string("outcome"))
            .col(big_integer_null("duration_ms"))
            .col(text_null("message"))
            .col(text_null("details"))
            .col(text_null("file"))
            .col(big_integer_null("line"))
            .to_owned();
        create_aggregate(manager, "test_case", cases).await?;
        create_index(
            manager,
            "test_case",
            &["tenant_id", "build_id", "rank", "id"],
            false,
        )
        .await
    }
}

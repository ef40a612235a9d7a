//! Store of the pipeline execution service.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, string, string_null, text},
};

use crate::common::{
    aggregate_table, create_aggregate, create_index, create_infrastructure, wall_in,
};

crate::migrator!(CreatePipelineRun, AddEdges, CreateLogPart);

// What the edges of the API look up, in the orders that lists are shown in.
crate::add_indices! {
    AddEdges as "pipeline_execution_edges":
    "pipeline_run" ["tenant_id", "retried_from"],
    "pipeline_run" ["tenant_id", "project_id", "created_at", "id"],
}

#[derive(DeriveMigrationName)]
struct CreatePipelineRun;

const TABLE: &str = "pipeline_run";

#[async_trait::async_trait]
impl MigrationTrait for CreatePipelineRun {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_infrastructure(manager).await?;
        create_aggregate(manager, TABLE, table()).await?;
        for (columns, unique) in [
            // The natural key, and the build number of the repository.
            (
                &["tenant_id", "pipeline_id", "commit_sha", "attempt"][..],
                true,
            ),
            (&["tenant_id", "repository_id", "number"], true),
            (&["tenant_id", "repository_id", "created_at", "id"], false),
            (&["tenant_id", "pipeline_id", "created_at", "id"], false),
            (&["tenant_id", "commit_sha"], false),
            // Workers look for work of every tenant.
            (&["status", "tenant_id", "project_id", "id"], false),
            (&["lease_holder", "status"], false),
        ] {
            create_index(manager, TABLE, columns, unique).await?;
        }
        Ok(())
    }
}

fn table() -> TableCreateStatement {
    aggregate_table(TABLE)
        .col(string("pipeline_id"))
        .col(string("repository_id"))
        .col(string("repository_name"))
        .col(string("branch"))
        .col(string("commit_sha"))
        .col(big_integer("attempt"))
        .col(big_integer("number"))
        .col(string("build_number"))
        .col(string("status"))
        .col(string_null("outcome"))
        .col(string_null("reason"))
        .col(text("findings"))
        .col(text("module"))
        .col(text("timeline"))
        .col(text("variables"))
        .col(text("tags"))
        .col(big_integer("queued_at"))
        .col(big_integer_null("started_at"))
        .col(big_integer_null("finished_at"))
        .col(string_null("cancel_requested_by"))
        .col(big_integer_null("cancel_requested_at"))
        .col(string_null("cancel_reason"))
        .col(string_null("lease_holder"))
        .col(string_null("lease_incarnation"))
        .col(big_integer_null("lease_until"))
        .col(string_null("retried_from"))
        .col(string_null("caused_by"))
        .col(string("logs_prefix"))
        .col(text("test_results"))
        .col(text("coverage"))
        .col(text("artifacts"))
        .to_owned()
}

// Where the lines of steps stand in the log of the whole run. Runs that ended before have none:
// their steps' lines follow each other in the order of the steps.
struct CreateLogPart;

impl MigrationName for CreateLogPart {
    fn name(&self) -> &str {
        "pipeline_execution_log_part"
    }
}

const PART: &str = "pipeline_run_log_part";

#[async_trait::async_trait]
impl MigrationTrait for CreateLogPart {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(PART)
            .col(string("tenant_id"))
            .col(string("id"))
            .col(string("project_id"))
            .col(big_integer("version"))
            .col(string("run_id"))
            .col(big_integer("first_line"))
            .col(big_integer("last_line"))
            .col(string("step_id"))
            .col(big_integer("step_line"))
            .col(big_integer("line_count"))
            .primary_key(Index::create().col("tenant_id").col("id"))
            .to_owned();
        manager.create_table(table).await?;
        let columns = ["tenant_id", "run_id", "last_line", "id"];
        create_index(manager, PART, &columns, false).await?;
        wall_in(manager, PART).await
    }
}

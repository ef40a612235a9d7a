//! Store of the infrastructure provisioning service.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, integer, string, string_null, text, text_null},
};

use crate::common::{aggregate_table, create_aggregate, create_index, create_infrastructure};

crate::migrator!(CreateInfrastructurePlan, AddEdges);

// What the edges of the API look up, in the orders that lists are shown in.
crate::add_indices! {
    AddEdges as "iac_provisioning_edges":
    "infrastructure_plan" ["tenant_id", "commit_sha"],
    "infrastructure_plan" ["tenant_id", "release_id", "created_at", "id"],
    "infrastructure_plan" ["tenant_id", "repository_id", "created_at", "id"],
}

#[derive(DeriveMigrationName)]
struct CreateInfrastructurePlan;

const TABLE: &str = "infrastructure_plan";
const LOG: &str = "infrastructure_log";

#[async_trait::async_trait]
impl MigrationTrait for CreateInfrastructurePlan {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_infrastructure(manager).await?;
        let table = aggregate_table(TABLE)
            .col(string("release_id"))
            .col(string("environment_id"))
            .col(string("environment"))
            .col(string("module"))
            .col(string("repository_id"))
            .col(string("repository_name"))
            .col(string("commit_sha"))
            .col(string("program_digest"))
            .col(integer("attempt"))
            .col(string("operation"))
            .col(string("status"))
            .col(text("settings"))
            .col(text_null("plan"))
            .col(big_integer("state_serial"))
            .col(text("changes"))
            .col(string_null("code"))
            .col(text_null("reason"))
            .col(text_null("failed_urn"))
            .col(text("outputs"))
            .col(text("drift"))
            .col(big_integer_null("refreshed_at"))
            .col(big_integer_null("finished_at"))
            .to_owned();
        create_aggregate(manager, TABLE, table).await?;
        let log = aggregate_table(LOG).col(text("events")).to_owned();
        create_aggregate(manager, LOG, log).await?;
        let key = [
            "tenant_id",
            "release_id",
            "environment_id",
            "module",
            "program_digest",
            "attempt",
        ];
        create_index(manager, TABLE, &key, true).await?;
        for columns in [
            &["tenant_id", "environment_id", "created_at", "id"][..],
            &["tenant_id", "project_id", "environment", "module"],
            &["status", "updated_at"],
        ] {
            create_index(manager, TABLE, columns, false).await?;
        }
        Ok(())
    }
}

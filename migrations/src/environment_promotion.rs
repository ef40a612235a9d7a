//! Store of the environment promotion service.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, boolean, string, string_null, text, text_null},
};

use crate::common::{aggregate_table, create_aggregate, create_index, create_infrastructure};

crate::migrator!(CreateEnvironmentPromotion, AddEdges);

// What the edges of the API look up, in the orders that lists are shown in.
crate::add_indices! {
    AddEdges as "environment_promotion_edges":
    "environment_promotion" ["tenant_id", "previous"],
    "environment_promotion" ["tenant_id", "rollback_of"],
    "environment_promotion" ["tenant_id", "restored"],
    "environment_promotion" ["tenant_id", "gitops_repository_id", "created_at", "id"],
    "environment_promotion" ["tenant_id", "project_id", "created_at", "id"],
}

#[derive(DeriveMigrationName)]
struct CreateEnvironmentPromotion;

#[async_trait::async_trait]
impl MigrationTrait for CreateEnvironmentPromotion {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_infrastructure(manager).await?;
        create_environment(manager).await?;
        create_promotion(manager).await?;
        create_slot(manager).await
    }
}

async fn create_environment(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let name = "environment";
    let table = aggregate_table(name)
        .col(string("name"))
        .col(big_integer("rank"))
        .col(boolean("retired"))
        .col(text("spec"))
        .col(string("target_digest"))
        .col(text("holds"))
        .col(big_integer_null("next_hold_end"))
        .to_owned();
    create_aggregate(manager, name, table).await?;
    create_index(manager, name, &["tenant_id", "project_id", "name"], true).await?;
    for columns in [
        &["tenant_id", "project_id", "created_at", "id"][..],
        &["tenant_id", "name", "id"],
        &["tenant_id", "rank", "id"],
        &["next_hold_end"],
    ] {
        create_index(manager, name, columns, false).await?;
    }
    // One row for a project that has environments: who defines one raises its version.
    let name = "environment_set";
    create_aggregate(manager, name, aggregate_table(name)).await
}

async fn create_promotion(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let name = "environment_promotion";
    let table = aggregate_table(name)
        .col(string("release_id"))
        .col(string("release_name"))
        .col(string("release_version"))
        .col(string("environment_id"))
        .col(string("environment"))
        .col(big_integer("attempt"))
        .col(string("kind"))
        .col(boolean("automatic"))
        .col(string("status"))
        .col(text("blockers"))
        .col(text_null("overridden"))
        .col(text("modules"))
        .col(text("items"))
        .col(string_null("gitops_repository_id"))
        .col(string_null("gitops_repository"))
        .col(string_null("branch"))
        .col(string_null("commit_sha"))
        .col(string_null("previous"))
        .col(string_null("rollback_of"))
        .col(string_null("restored"))
        .col(text_null("rollback_reason"))
        .col(string_null("code"))
        .col(text_null("reason"))
        .col(big_integer_null("started_at"))
        .col(big_integer_null("promoted_at"))
        .col(big_integer_null("succeeded_at"))
        .col(big_integer_null("finished_at"))
        .col(big_integer_null("verify_until"))
        .col(string_null("caused_by"))
        .to_owned();
    create_aggregate(manager, name, table).await?;
    let natural_key = ["tenant_id", "release_id", "environment_id", "attempt"];
    create_index(manager, name, &natural_key, true).await?;
    for columns in [
        &["tenant_id", "release_id", "created_at", "id"][..],
        &["tenant_id", "environment_id", "created_at", "id"],
        &["tenant_id", "environment_id", "promoted_at", "id"],
        &["tenant_id", "environment_id", "status"],
        &["status", "id"],
    ] {
        create_index(manager, name, columns, false).await?;
    }
    Ok(())
}

// The place of a module in an environment: which promotion has it, and what Git declares.
async fn create_slot(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let name = "promotion_slot";
    let table = aggregate_table(name)
        .col(string("environment_id"))
        .col(string("module"))
        .col(string_null("active"))
        .col(string_null("declared"))
        .to_owned();
    create_aggregate(manager, name, table).await?;
    let place = ["tenant_id", "environment_id", "module"];
    create_index(manager, name, &place, true).await
}

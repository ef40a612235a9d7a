//! Store of the GitOps synchronisation service.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, string, string_null, text, text_null},
};

use crate::common::{aggregate_table, create_aggregate, create_index, create_infrastructure};

crate::migrator!(CreateGitOpsSync, AddEdges);

// What the edges of the API look up, in the orders that lists are shown in.
crate::add_indices! {
    AddEdges as "gitops_sync_edges":
    "gitops_sync_state" ["tenant_id", "gitops_repository_id", "created_at", "id"],
}

#[derive(DeriveMigrationName)]
struct CreateGitOpsSync;

#[async_trait::async_trait]
impl MigrationTrait for CreateGitOpsSync {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_infrastructure(manager).await?;
        create_states(manager).await?;
        create_attempts(manager).await
    }
}

async fn create_states(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let states = aggregate_table("gitops_sync_state")
        .col(string("environment_id"))
        .col(string("environment"))
        .col(string("module"))
        .col(string("gitops_repository_id"))
        .col(string("gitops_repository"))
        .col(string("branch"))
        .col(text("path"))
        .col(string("sync"))
        .col(string("health"))
        .col(string("operation"))
        .col(string("promotion_id"))
        .col(text("promoted"))
        .col(text("desired"))
        .col(text_null("applied"))
        .col(string_null("attempted_revision"))
        .col(big_integer("attempts"))
        .col(big_integer("failures"))
        .col(text_null("reason"))
        .col(text_null("pending"))
        .col(big_integer_null("retry_at"))
        .col(text_null("given_up"))
        .col(text("unapplied"))
        .col(text_null("running"))
        .col(text("drift"))
        .col(big_integer("drift_total"))
        .col(string_null("drift_digest"))
        .col(text_null("paused"))
        .col(big_integer_null("last_synced_at"))
        .col(big_integer_null("observed_at"))
        .col(string_null("seen"))
        .col(big_integer_null("due_at"))
        .to_owned();
    create_aggregate(manager, "gitops_sync_state", states).await?;
    for (columns, unique) in [
        (&["tenant_id", "environment_id", "module"][..], true),
        (&["tenant_id", "project_id", "environment", "module"], false),
        (&["tenant_id", "environment_id", "created_at", "id"], false),
        (&["tenant_id", "promotion_id"], false),
        (&["due_at"], false),
    ] {
        create_index(manager, "gitops_sync_state", columns, unique).await?;
    }
    Ok(())
}

async fn create_attempts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let attempts = aggregate_table("sync_attempt")
        .col(string("sync_id"))
        .col(big_integer("number"))
        .col(string("revision"))
        .col(string("cause"))
        .col(big_integer("started_at"))
        .col(big_integer_null("finished_at"))
        .col(string("outcome"))
        .col(big_integer("applied"))
        .col(big_integer("pruned"))
        .col(string_null("code"))
        .col(text_null("reason"))
        .to_owned();
    create_aggregate(manager, "sync_attempt", attempts).await?;
    let columns = &["tenant_id", "sync_id", "number", "id"];
    create_index(manager, "sync_attempt", columns, true).await
}

//! Store of the release service.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, boolean, string, string_null, text, text_null},
};

use crate::common::{aggregate_table, create_aggregate, create_index, create_infrastructure};

crate::migrator!(CreateRelease);

#[derive(DeriveMigrationName)]
struct CreateRelease;

#[async_trait::async_trait]
impl MigrationTrait for CreateRelease {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_infrastructure(manager).await?;
        create_release(manager).await?;
        create_item(manager).await?;
        create_approval(manager).await?;
        create_artifact(manager).await
    }
}

async fn create_release(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let name = "release_plan";
    let table = aggregate_table(name)
        .col(text("name"))
        // Project and name in one column: what releases of a module hang on.
        .col(text("name_key"))
        .col(string("semver"))
        // Its order is the order of versions.
        .col(text("version_key"))
        .col(string("status"))
        .col(text("items"))
        .col(text_null("summary"))
        .col(text("notes"))
        .col(boolean("notes_truncated"))
        .col(string("proposed_bump"))
        .col(string("content_digest"))
        .col(text("targets"))
        .col(text("manifests"))
        .col(text("authors"))
        .col(text("planned_by"))
        .col(text("planner_names"))
        .col(boolean("automatic"))
        // The build of what a policy planned, the release's own id otherwise: no build is
        // planned twice without a command.
        .col(string("automatic_key"))
        .col(big_integer("required_approvals"))
        .col(text_null("void_cause"))
        .col(big_integer_null("approved_at"))
        .col(text_null("closed_by"))
        .col(text_null("closed_reason"))
        .to_owned();
    create_aggregate(manager, name, table).await?;
    let natural_key = ["tenant_id", "name_key", "semver"];
    create_index(manager, name, &natural_key, true).await?;
    create_index(manager, name, &["tenant_id", "automatic_key"], true).await?;
    for columns in [
        &["tenant_id", "name_key", "version_key", "id"][..],
        &["tenant_id", "name_key", "created_at", "id"],
        &["tenant_id", "name_key", "updated_at", "id"],
        &["tenant_id", "project_id", "created_at", "id"],
        &["tenant_id", "project_id", "status", "id"],
        &["tenant_id", "version_key", "id"],
        &["status", "id"],
    ] {
        create_index(manager, name, columns, false).await?;
    }
    Ok(())
}

// The builds of each release, one row each, for look-ups by build and by commit.
async fn create_item(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let name = "release_item";
    let table = aggregate_table(name)
        .col(string("release_id"))
        .col(string("build_id"))
        .col(string("module"))
        .col(string("repository_id"))
        .col(string("commit_sha"))
        .to_owned();
    create_aggregate(manager, name, table).await?;
    for columns in [
        &["tenant_id", "build_id", "release_id"][..],
        &["tenant_id", "commit_sha"],
    ] {
        create_index(manager, name, columns, false).await?;
    }
    Ok(())
}

async fn create_approval(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let name = "release_approval";
    let table = aggregate_table(name)
        .col(string("release_id"))
        .col(text("approver"))
        .col(string("decision"))
        .col(text("reason"))
        .col(string("content_digest"))
        .col(big_integer("at"))
        .col(big_integer_null("expires_at"))
        .col(string("state"))
        .col(text_null("cause"))
        // Empty while it counts as an approval, its id otherwise: a person has one that counts
        // for each release, and any number that did.
        .col(string("ended_marker"))
        .to_owned();
    create_aggregate(manager, name, table).await?;
    let natural_key = ["tenant_id", "release_id", "approver", "ended_marker"];
    create_index(manager, name, &natural_key, true).await?;
    create_index(manager, name, &["tenant_id", "release_id", "id"], false).await?;
    create_index(manager, name, &["state", "expires_at"], false).await
}

// What is known of the packages and images of builds that may be released later.
async fn create_artifact(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let name = "build_artifact";
    let table = aggregate_table(name)
        .col(string("build_id"))
        .col(string("kind"))
        .col(text("artifact"))
        .col(big_integer("at"))
        .col(string_null("event_id"))
        .to_owned();
    create_aggregate(manager, name, table).await?;
    create_index(manager, name, &["tenant_id", "build_id"], false).await
}

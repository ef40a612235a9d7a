//! Store of the pull request service.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, boolean, string, string_null, text, text_null},
};

use crate::common::{aggregate_table, create_aggregate, create_index, create_infrastructure};

crate::migrator!(CreatePullRequest);

#[derive(DeriveMigrationName)]
struct CreatePullRequest;

#[async_trait::async_trait]
impl MigrationTrait for CreatePullRequest {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_infrastructure(manager).await?;
        create_pull_request(manager).await?;
        create_head_check(manager).await
    }
}

async fn create_pull_request(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let name = "pull_request";
    let table = aggregate_table(name)
        .col(string("repository_id"))
        .col(string("repository_name"))
        .col(big_integer("number"))
        .col(text("title"))
        .col(text_null("description"))
        .col(string("source_branch"))
        .col(string("target_branch"))
        .col(string("source_sha"))
        .col(string("target_sha"))
        .col(string("status"))
        .col(string("author"))
        .col(text("reviews"))
        .col(text("checks"))
        .col(string("mergeability"))
        .col(text("conflict_paths"))
        .col(text_null("merge_intent"))
        .col(string_null("strategy"))
        .col(string_null("merge_commit_sha"))
        .col(string_null("tree_hash"))
        .col(text("parent_shas"))
        .col(text("created_shas"))
        .col(string_null("merged_by"))
        .col(big_integer_null("merged_at"))
        .col(boolean("delete_source_branch"))
        .col(text_null("reason"))
        // Empty while the pull request is open, its id afterwards: one open pull request for a
        // source and a target, any number of closed ones.
        .col(string("closed_marker"))
        // Repository and source branch in one column: what pull requests of a branch hang on.
        .col(text("source_key"))
        .to_owned();
    create_aggregate(manager, name, table).await?;
    let natural_key = [
        "tenant_id",
        "repository_id",
        "source_branch",
        "target_branch",
        "closed_marker",
    ];
    create_index(manager, name, &natural_key, true).await?;
    let number = ["tenant_id", "repository_id", "number"];
    create_index(manager, name, &number, true).await?;
    for columns in [
        &["tenant_id", "repository_id", "created_at", "id"][..],
        &["tenant_id", "repository_id", "updated_at", "id"],
        &["tenant_id", "repository_id", "status", "id"],
        &["tenant_id", "number", "id"],
        &["tenant_id", "merge_commit_sha"],
        &["tenant_id", "source_sha"],
        &["tenant_id", "source_key", "created_at", "id"],
        &["status"],
    ] {
        create_index(manager, name, columns, false).await?;
    }
    Ok(())
}

// What is known of commits that may become the head of a pull request later.
async fn create_head_check(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let name = "head_check";
    let table = aggregate_table(name)
        .col(string("repository_id"))
        .col(string("sha"))
        .col(string("name"))
        .col(string("state"))
        .col(text_null("detail"))
        .col(string_null("build_id"))
        .col(big_integer("at"))
        .to_owned();
    create_aggregate(manager, name, table).await?;
    let commit = ["tenant_id", "repository_id", "sha"];
    create_index(manager, name, &commit, false).await
}

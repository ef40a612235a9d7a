//! Store of the commit service.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, string, string_null},
};

use crate::common::{aggregate_table, create_aggregate, create_index, create_infrastructure};

crate::migrator!(CreateCommit, CreateBranchHistory);

const TABLE: &str = "commit_record";

#[derive(DeriveMigrationName)]
struct CreateCommit;

#[async_trait::async_trait]
impl MigrationTrait for CreateCommit {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_infrastructure(manager).await?;
        let text = |name: &'static str| ColumnDef::new(name).text().not_null().to_owned();
        let table = aggregate_table(TABLE)
            .col(string("repository_id"))
            .col(string("repository_name"))
            .col(text("branch"))
            .col(text("branch_key"))
            .col(text("natural_key"))
            .col(string("changes_digest"))
            .col(string_null("expected_head"))
            .col(string_null("sha"))
            .col(string("tree_hash"))
            .col(text("parent_shas"))
            .col(string_null("artifact_id"))
            .col(string_null("artifact_content_hash"))
            .col(text("message"))
            .col(text("trailers"))
            .col(string("author_name"))
            .col(string("author_email"))
            .col(big_integer("committed_at"))
            .col(string("origin"))
            .col(string_null("pull_request_id"))
            .col(big_integer("changed_paths"))
            .col(string("status"))
            .col(string_null("reason"))
            .to_owned();
        create_aggregate(manager, TABLE, table).await?;
        // A commit stands once on a branch; those without an id yet do not count.
        let unique: [&[&'static str]; 2] = [
            &["tenant_id", "branch_key", "natural_key"],
            &["tenant_id", "repository_id", "sha", "branch"],
        ];
        for columns in unique {
            create_index(manager, TABLE, columns, true).await?;
        }
        for order in ["created_at", "updated_at", "committed_at"] {
            for parent in ["repository_id", "branch_key"] {
                let columns = ["tenant_id", parent, order, "id"];
                create_index(manager, TABLE, &columns, false).await?;
            }
        }
        let others: [&[&'static str]; 5] = [
            &["tenant_id", "committed_at", "id"],
            &["tenant_id", "sha"],
            &["tenant_id", "pull_request_id"],
            &["tenant_id", "branch_key", "tree_hash"],
            &["status"],
        ];
        for columns in others {
            create_index(manager, TABLE, columns, false).await?;
        }
        Ok(())
    }
}

struct CreateBranchHistory;

// The derived name is that of the file, which the first migration has.
impl MigrationName for CreateBranchHistory {
    fn name(&self) -> &str {
        "commit_branch_history"
    }
}

const HISTORY: &str = "branch_history";

#[async_trait::async_trait]
impl MigrationTrait for CreateBranchHistory {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = |name: &'static str| ColumnDef::new(name).text().not_null().to_owned();
        let table = aggregate_table(HISTORY)
            .col(string("repository_id"))
            .col(text("branch"))
            .col(string_null("head_sha"))
            .col(big_integer("landings"))
            .col(string_null("target_sha"))
            .col(big_integer("told"))
            .to_owned();
        create_aggregate(manager, HISTORY, table).await?;
        create_index(manager, HISTORY, &["target_sha"], false).await
    }
}

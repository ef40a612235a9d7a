//! Store of the branch service.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, boolean, string, string_null},
};

use crate::common::{aggregate_table, create_aggregate, create_index, create_infrastructure};

crate::migrator!(CreateBranch, AddEdges);

// What the edges of the API look up, in the orders that lists are shown in.
crate::add_indices! {
    AddEdges as "branch_edges":
    "branch" ["tenant_id", "head_sha"],
}

#[derive(DeriveMigrationName)]
struct CreateBranch;

#[async_trait::async_trait]
impl MigrationTrait for CreateBranch {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_infrastructure(manager).await?;
        let table = aggregate_table("branch")
            .col(string("repository_id"))
            .col(string("repository_name"))
            .col(ColumnDef::new("name").text().not_null())
            // Empty until the branch is deleted, its id then.
            .col(string("deleted_marker"))
            .col(string("head_sha"))
            .col(string("from_commit_sha"))
            .col(boolean("is_protected"))
            .col(big_integer("required_approvals"))
            .col(ColumnDef::new("required_checks").text().not_null())
            .col(boolean("is_default"))
            .col(string("status"))
            .col(string_null("reason"))
            .to_owned();
        create_aggregate(manager, "branch", table).await?;
        create_index(
            manager,
            "branch",
            &["tenant_id", "repository_id", "name", "deleted_marker"],
            true,
        )
        .await?;
        for order in ["created_at", "updated_at"] {
            let columns = ["tenant_id", "repository_id", order, "id"];
            create_index(manager, "branch", &columns, false).await?;
        }
        create_index(manager, "branch", &["tenant_id", "name", "id"], false).await?;
        create_index(manager, "branch", &["status"], false).await
    }
}

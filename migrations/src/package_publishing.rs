//! Store of the package publishing service.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, boolean, integer, string, string_null, text_null},
};

use crate::common::{aggregate_table, create_aggregate, create_index, create_infrastructure};

crate::migrator!(CreatePackagePublication, AddEdges);

// What the edges of the API look up, in the orders that lists are shown in.
crate::add_indices! {
    AddEdges as "package_publishing_edges":
    "package_publication" ["tenant_id", "commit_sha"],
}

#[derive(DeriveMigrationName)]
struct CreatePackagePublication;

const TABLE: &str = "package_publication";

#[async_trait::async_trait]
impl MigrationTrait for CreatePackagePublication {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_infrastructure(manager).await?;
        let table = aggregate_table(TABLE)
            .col(string("feed"))
            .col(string("name"))
            .col(string("name_key"))
            .col(string("package_version"))
            .col(string("version_key"))
            .col(string("base_version"))
            .col(boolean("automatic"))
            .col(string("origin"))
            .col(string_null("build_id"))
            .col(string_null("repository_id"))
            .col(string_null("commit_sha"))
            .col(string("status"))
            .col(string_null("code"))
            .col(text_null("reason"))
            .col(integer("attempts"))
            .col(string_null("digest"))
            .col(string_null("sha512"))
            .col(big_integer("size"))
            .col(integer("files"))
            .col(boolean("listed"))
            .col(big_integer_null("published_at"))
            .to_owned();
        create_aggregate(manager, TABLE, table).await?;
        for columns in [
            &["tenant_id", "name_key", "id"][..],
            &["tenant_id", "repository_id", "created_at", "id"],
            &["status", "updated_at"],
        ] {
            create_index(manager, TABLE, columns, false).await?;
        }
        // A version that failed carries a key of its own, so that it can be taken again.
        let version = ["tenant_id", "project_id", "name_key", "version_key"];
        create_index(manager, TABLE, &version, true).await?;
        create_index(manager, TABLE, &["tenant_id", "build_id"], true).await
    }
}

//! Store of the container image service.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, integer, string, string_null, text, text_null},
};

use crate::common::{aggregate_table, create_aggregate, create_index, create_infrastructure};

crate::migrator!(CreateContainerImage, AddEdges);

// What the edges of the API look up, in the orders that lists are shown in.
crate::add_indices! {
    AddEdges as "container_image_edges":
    "container_image" ["tenant_id", "commit_sha"],
}

#[derive(DeriveMigrationName)]
struct CreateContainerImage;

const TABLE: &str = "container_image";

#[async_trait::async_trait]
impl MigrationTrait for CreateContainerImage {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_infrastructure(manager).await?;
        let table = aggregate_table(TABLE)
            .col(string("registry"))
            .col(string("name"))
            .col(string("build_id"))
            .col(string("repository_id"))
            .col(string("commit_sha"))
            .col(string("status"))
            .col(string_null("code"))
            .col(text_null("reason"))
            .col(text_null("wanted"))
            .col(big_integer_null("due_at"))
            .col(integer("attempts"))
            .col(string_null("base"))
            .col(string_null("base_digest"))
            .col(text("requested_tags"))
            .col(string_null("digest"))
            .col(string_null("reference"))
            .col(text("tags"))
            .col(big_integer("size"))
            .col(string_null("config_digest"))
            .col(text("layers"))
            .col(string_null("sbom_digest"))
            .col(string_null("provenance_digest"))
            .col(big_integer_null("built_at"))
            .col(string_null("caused_by"))
            .to_owned();
        create_aggregate(manager, TABLE, table).await?;
        for columns in [
            &["tenant_id", "name", "id"][..],
            &["tenant_id", "repository_id", "created_at", "id"],
            &["tenant_id", "build_id"],
            &["tenant_id", "digest"],
            &["due_at"],
        ] {
            create_index(manager, TABLE, columns, false).await?;
        }
        let key = ["tenant_id", "project_id", "registry", "name", "build_id"];
        create_index(manager, TABLE, &key, true).await
    }
}

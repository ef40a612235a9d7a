//! Store of the deployment manifest service.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, boolean, string, string_null, text, text_null},
};

use crate::common::{aggregate_table, create_aggregate, create_index, create_infrastructure};

crate::migrator!(CreateDeploymentManifest, AddEdges);

// What the edges of the API look up, in the orders that lists are shown in.
crate::add_indices! {
    AddEdges as "deployment_manifest_edges":
    "deployment_manifest" ["tenant_id", "source_commit"],
    "deployment_manifest" ["tenant_id", "gitops_repository_id", "created_at", "id"],
}

#[derive(DeriveMigrationName)]
struct CreateDeploymentManifest;

#[async_trait::async_trait]
impl MigrationTrait for CreateDeploymentManifest {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_infrastructure(manager).await?;
        create_manifest(manager).await?;
        create_content(manager).await
    }
}

async fn create_manifest(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let name = "deployment_manifest";
    let table = aggregate_table(name)
        .col(string("release_id"))
        .col(text("release_name"))
        .col(text("semver"))
        .col(string("release_digest"))
        .col(string("environment_id"))
        .col(string("environment"))
        .col(string("module"))
        .col(string("repository_id"))
        .col(string("source_commit"))
        .col(string("status"))
        .col(text("findings"))
        .col(text("objects"))
        .col(string("content_digest"))
        .col(boolean("overlay"))
        .col(string_null("gitops_repository_id"))
        .col(text_null("gitops_repository"))
        .col(string_null("commit_sha"))
        .col(text("path"))
        .col(big_integer("rank"))
        .to_owned();
    create_aggregate(manager, name, table).await?;
    let key = [
        "tenant_id",
        "release_id",
        "environment_id",
        "module",
        "content_digest",
    ];
    create_index(manager, name, &key, true).await?;
    for parent in ["release_id", "environment_id", "repository_id"] {
        for order in ["created_at", "updated_at"] {
            let columns = ["tenant_id", parent, order, "id"];
            create_index(manager, name, &columns, false).await?;
        }
    }
    create_index(manager, name, &["status"], false).await
}

// The files of manifests, under the manifests' ids.
async fn create_content(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let name = "manifest_content";
    let table = aggregate_table(name).col(text("files")).to_owned();
    create_aggregate(manager, name, table).await
}

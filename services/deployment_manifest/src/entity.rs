//! The tables `deployment_manifest` and `manifest_content`.

pub(crate) mod content;

use sea_orm::entity::prelude::*;
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

use crate::DeploymentManifest;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deployment_manifest")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub project_id: String,
    pub module_id: Option<String>,
    pub version: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub created_by: String,
    pub updated_by: String,
    pub trace_id: String,
    pub correlation_id: String,
    pub release_id: String,
    pub release_name: String,
    pub semver: String,
    pub release_digest: String,
    pub environment_id: String,
    pub environment: String,
    pub module: String,
    pub repository_id: String,
    pub source_commit: String,
    pub status: String,
    /// A JSON list.
    pub findings: String,
    /// A JSON list.
    pub objects: String,
    pub content_digest: String,
    pub overlay: bool,
    pub gitops_repository_id: Option<String>,
    pub gitops_repository: Option<String>,
    pub commit_sha: Option<String>,
    pub path: String,
    pub rank: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("DeploymentManifest");

fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::damaged("DeploymentManifest", error)
}

impl TryFrom<&DeploymentManifest> for Model {
    type Error = StoreError;

    fn try_from(manifest: &DeploymentManifest) -> Result<Self, StoreError> {
        let repository = manifest.gitops_repository_id;
        Ok(row_with_meta!(
            manifest.meta,
            Model {
                id: manifest.id.to_string(),
                release_id: manifest.release_id.to_string(),
                release_name: manifest.release_name.clone(),
                semver: manifest.version.clone(),
                release_digest: manifest.release_digest.clone(),
                environment_id: manifest.environment_id.to_string(),
                environment: manifest.environment.clone(),
                module: manifest.module.clone(),
                repository_id: manifest.repository_id.to_string(),
                source_commit: manifest.source_commit.clone(),
                status: manifest.status.as_str().to_owned(),
                findings: serde_json::to_string(&manifest.findings).map_err(damaged)?,
                objects: serde_json::to_string(&manifest.objects).map_err(damaged)?,
                content_digest: manifest.content_digest.clone(),
                overlay: manifest.overlay,
                gitops_repository_id: repository.map(|id| id.to_string()),
                gitops_repository: manifest.gitops_repository.clone(),
                commit_sha: manifest.commit_sha.clone(),
                path: manifest.path.clone(),
                rank: manifest.rank,
            }
        ))
    }
}

impl TryFrom<Model> for DeploymentManifest {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let repository = row.gitops_repository_id.as_deref().map(str::parse);
        Ok(Self {
            meta: meta_of!("DeploymentManifest", row)?,
            id: row.id.parse().map_err(damaged)?,
            release_id: row.release_id.parse().map_err(damaged)?,
            release_name: row.release_name,
            version: row.semver,
            release_digest: row.release_digest,
            environment_id: row.environment_id.parse().map_err(damaged)?,
            environment: row.environment,
            module: row.module,
            repository_id: row.repository_id.parse().map_err(damaged)?,
            source_commit: row.source_commit,
            status: row.status.parse().map_err(damaged)?,
            findings: serde_json::from_str(&row.findings).map_err(damaged)?,
            objects: serde_json::from_str(&row.objects).map_err(damaged)?,
            content_digest: row.content_digest,
            overlay: row.overlay,
            gitops_repository_id: repository.transpose().map_err(damaged)?,
            gitops_repository: row.gitops_repository,
            commit_sha: row.commit_sha,
            path: row.path,
            rank: row.rank,
        })
    }
}

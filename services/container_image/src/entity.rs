//! The `container_image` table.

use sea_orm::entity::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use sluice_kernel::{micros, time_of_micros};
use sluice_schema::ErrorCode;
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

use crate::ContainerImage;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "container_image")]
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
    pub registry: String,
    pub name: String,
    pub build_id: String,
    pub repository_id: String,
    pub commit_sha: String,
    pub status: String,
    pub code: Option<String>,
    pub reason: Option<String>,
    pub wanted: Option<String>,
    pub due_at: Option<i64>,
    pub attempts: i32,
    pub base: Option<String>,
    pub base_digest: Option<String>,
    pub requested_tags: String,
    pub digest: Option<String>,
    pub reference: Option<String>,
    pub tags: String,
    pub size: i64,
    pub config_digest: Option<String>,
    pub layers: String,
    pub sbom_digest: Option<String>,
    pub provenance_digest: Option<String>,
    pub built_at: Option<i64>,
    pub caused_by: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("ContainerImage");

fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::damaged("ContainerImage", error)
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(damaged)
}

fn from<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(damaged)
}

fn code_of(text: &str) -> Result<ErrorCode, StoreError> {
    let known = ErrorCode::ALL.iter().find(|code| code.as_str() == text);
    known.copied().ok_or_else(|| damaged("unknown error code"))
}

impl TryFrom<&ContainerImage> for Model {
    type Error = StoreError;

    fn try_from(image: &ContainerImage) -> Result<Self, StoreError> {
        Ok(row_with_meta!(
            image.meta,
            Model {
                id: image.id.to_string(),
                registry: image.registry.clone(),
                name: image.name.clone(),
                build_id: image.build_id.to_string(),
                repository_id: image.repository_id.to_string(),
                commit_sha: image.commit_sha.clone(),
                status: image.status.as_str().to_owned(),
                code: image.code.map(|code| code.as_str().to_owned()),
                reason: image.reason.clone(),
                wanted: image.wanted.as_ref().map(json).transpose()?,
                due_at: image.due_at.map(micros),
                attempts: i32::try_from(image.attempts).unwrap_or(i32::MAX),
                base: image.base.clone(),
                base_digest: image.base_digest.clone(),
                requested_tags: json(&image.requested_tags)?,
                digest: image.digest.clone(),
                reference: image.reference.clone(),
                tags: json(&image.tags)?,
                size: i64::try_from(image.size).unwrap_or(i64::MAX),
                config_digest: image.config_digest.clone(),
                layers: json(&image.layers)?,
                sbom_digest: image.sbom_digest.clone(),
                provenance_digest: image.provenance_digest.clone(),
                built_at: image.built_at.map(micros),
                caused_by: image.caused_by.map(|id| id.to_string()),
            }
        ))
    }
}

impl TryFrom<Model> for ContainerImage {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let caused_by = row.caused_by.as_deref().map(str::parse).transpose();
        Ok(Self {
            meta: meta_of!("ContainerImage", row)?,
            id: row.id.parse().map_err(damaged)?,
            build_id: row.build_id.parse().map_err(damaged)?,
            repository_id: row.repository_id.parse().map_err(damaged)?,
            status: row.status.parse().map_err(damaged)?,
            code: row.code.as_deref().map(code_of).transpose()?,
            wanted: row.wanted.as_deref().map(from).transpose()?,
            due_at: row.due_at.map(time_of_micros),
            attempts: u32::try_from(row.attempts).unwrap_or_default(),
            requested_tags: from(&row.requested_tags)?,
            tags: from(&row.tags)?,
            size: row.size.unsigned_abs(),
            layers: from(&row.layers)?,
            built_at: row.built_at.map(time_of_micros),
            caused_by: caused_by.map_err(damaged)?,
            registry: row.registry,
            name: row.name,
            commit_sha: row.commit_sha,
            reason: row.reason,
            base: row.base,
            base_digest: row.base_digest,
            digest: row.digest,
            reference: row.reference,
            config_digest: row.config_digest,
            sbom_digest: row.sbom_digest,
            provenance_digest: row.provenance_digest,
        })
    }
}

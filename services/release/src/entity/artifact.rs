//! The table `build_artifact`: what became of builds, whether or not they are released yet.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use sluice_kernel::{Meta, micros, time_of_micros};
use sluice_schema::{BuildId, EventId, events::ReleaseArtifact};
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "build_artifact")]
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
    pub build_id: String,
    pub kind: String,
    pub artifact: String,
    pub at: i64,
    pub event_id: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("BuildArtifact");

/// A package or image of a build, as it was last told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BuildArtifact {
    pub(crate) meta: Meta,
    pub(crate) build_id: BuildId,
    pub(crate) artifact: ReleaseArtifact,
    /// When it came to this.
    pub(crate) at: DateTime<Utc>,
    /// The event that told of it.
    pub(crate) event_id: Option<EventId>,
}

impl BuildArtifact {
    /// Its key: a build has one package and one image.
    pub(crate) fn key(&self) -> String {
        format!("{}.{}", self.build_id, self.artifact.kind)
    }
}

fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::damaged("BuildArtifact", error)
}

impl TryFrom<&BuildArtifact> for Model {
    type Error = StoreError;

    fn try_from(it: &BuildArtifact) -> Result<Self, StoreError> {
        Ok(row_with_meta!(
            it.meta,
            Model {
                id: it.key(),
                build_id: it.build_id.to_string(),
                kind: it.artifact.kind.clone(),
                artifact: serde_json::to_string(&it.artifact).map_err(damaged)?,
                at: micros(it.at),
                event_id: it.event_id.map(|id| id.to_string()),
            }
        ))
    }
}

impl TryFrom<Model> for BuildArtifact {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let event_id = row.event_id.as_deref().map(str::parse).transpose();
        Ok(Self {
            meta: meta_of!("BuildArtifact", row)?,
            build_id: row.build_id.parse().map_err(damaged)?,
            artifact: serde_json::from_str(&row.artifact).map_err(damaged)?,
            at: time_of_micros(row.at),
            event_id: event_id.map_err(damaged)?,
        })
    }
}

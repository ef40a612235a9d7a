//! The tables of the service.

pub(crate) mod approval;
pub(crate) mod artifact;
pub(crate) mod item;

use sea_orm::entity::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use sluice_kernel::{micros, time_of_micros};
use sluice_schema::ProjectId;
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

use crate::{ReleasePlan, model::version};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "release_plan")]
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
    pub name: String,
    pub name_key: String,
    pub semver: String,
    pub version_key: String,
    pub status: String,
    pub items: String,
    pub summary: Option<String>,
    pub notes: String,
    pub notes_truncated: bool,
    pub proposed_bump: String,
    pub content_digest: String,
    pub targets: String,
    pub manifests: String,
    pub authors: String,
    pub planned_by: String,
    pub planner_names: String,
    pub automatic: bool,
    pub automatic_key: String,
    pub required_approvals: i64,
    pub void_cause: Option<String>,
    pub approved_at: Option<i64>,
    pub closed_by: Option<String>,
    pub closed_reason: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("ReleasePlan");

fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::damaged("ReleasePlan", error)
}

fn to_text<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(damaged)
}

fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(damaged)
}

/// A name in a project, in one column. No project name holds a slash.
pub(crate) fn name_key(project: &ProjectId, name: &str) -> String {
    format!("{project}/{name}")
}

/// What keeps a policy from planning a build twice.
fn automatic_key(release: &ReleasePlan) -> String {
    match release.items.as_slice() {
        [only] if release.automatic => only.item.build_id.to_string(),
        _ => release.id.to_string(),
    }
}

impl TryFrom<&ReleasePlan> for Model {
    type Error = StoreError;

    fn try_from(it: &ReleasePlan) -> Result<Self, StoreError> {
        let parsed = it.version.parse().map_err(damaged)?;
        Ok(row_with_meta!(
            it.meta,
            Model {
                id: it.id.to_string(),
                name: it.name.clone(),
                name_key: name_key(&it.meta.project_id, &it.name),
                semver: it.version.clone(),
                version_key: version::sort_key(&parsed),
                status: it.status.as_str().to_owned(),
                items: to_text(&it.items)?,
                summary: it.summary.clone(),
                notes: to_text(&it.notes)?,
                notes_truncated: it.notes_truncated,
                proposed_bump: it.proposed_bump.as_str().to_owned(),
                content_digest: it.content_digest.clone(),
                targets: to_text(&it.targets)?,
                manifests: to_text(&it.manifests)?,
                authors: to_text(&it.authors)?,
                planned_by: it.planned_by.clone(),
                planner_names: to_text(&it.planner_names)?,
                automatic: it.automatic,
                automatic_key: automatic_key(it),
                required_approvals: it.required_approvals.into(),
                void_cause: it.void_cause.clone(),
                approved_at: it.approved_at.map(micros),
                closed_by: it.closed_by.clone(),
                closed_reason: it.closed_reason.clone(),
            }
        ))
    }
}

impl TryFrom<Model> for ReleasePlan {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            meta: meta_of!("ReleasePlan", row)?,
            id: row.id.parse().map_err(damaged)?,
            status: row.status.parse().map_err(damaged)?,
            items: from_text(&row.items)?,
            notes: from_text(&row.notes)?,
            proposed_bump: row.proposed_bump.parse().map_err(damaged)?,
            targets: from_text(&row.targets)?,
            manifests: from_text(&row.manifests)?,
            authors: from_text(&row.authors)?,
            planner_names: from_text(&row.planner_names)?,
            required_approvals: u32::try_from(row.required_approvals).map_err(damaged)?,
            approved_at: row.approved_at.map(time_of_micros),
            name: row.name,
            version: row.semver,
            summary: row.summary,
            notes_truncated: row.notes_truncated,
            content_digest: row.content_digest,
            planned_by: row.planned_by,
            automatic: row.automatic,
            void_cause: row.void_cause,
            closed_by: row.closed_by,
            closed_reason: row.closed_reason,
        })
    }
}

//! The tables of the service.

pub(crate) mod head_check;

use sea_orm::entity::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use sluice_kernel::{micros, time_of_micros};
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

use crate::{PullRequest, PullRequestStatus};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pull_request")]
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
    pub repository_id: String,
    pub repository_name: String,
    pub number: i64,
    pub title: String,
    pub description: Option<String>,
    pub source_branch: String,
    pub target_branch: String,
    pub source_sha: String,
    pub target_sha: String,
    pub status: String,
    pub author: String,
    pub reviews: String,
    pub checks: String,
    pub mergeability: String,
    pub conflict_paths: String,
    pub merge_intent: Option<String>,
    pub strategy: Option<String>,
    pub merge_commit_sha: Option<String>,
    pub tree_hash: Option<String>,
    pub parent_shas: String,
    pub created_shas: String,
    pub merged_by: Option<String>,
    pub merged_at: Option<i64>,
    pub delete_source_branch: bool,
    pub reason: Option<String>,
    pub closed_marker: String,
    pub source_key: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("PullRequest");

fn to_text<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::damaged("PullRequest", e))
}

fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::damaged("PullRequest", e))
}

/// A source branch of a repository, in one column. No repository id holds a slash.
pub(crate) fn source_key(repository: impl std::fmt::Display, branch: &str) -> String {
    format!("{repository}/{branch}")
}

fn closed_marker(pull_request: &PullRequest) -> String {
    match pull_request.status {
        PullRequestStatus::Open | PullRequestStatus::Merging => String::new(),
        PullRequestStatus::Merged | PullRequestStatus::Abandoned => pull_request.id.to_string(),
    }
}

impl TryFrom<&PullRequest> for Model {
    type Error = StoreError;

    fn try_from(it: &PullRequest) -> Result<Self, StoreError> {
        Ok(row_with_meta!(
            it.meta,
            Model {
                id: it.id.to_string(),
                repository_id: it.repository_id.to_string(),
                repository_name: it.repository_name.clone(),
                number: i64::try_from(it.number).unwrap_or(i64::MAX),
                title: it.title.clone(),
                description: it.description.clone(),
                source_branch: it.source_branch.clone(),
                target_branch: it.target_branch.clone(),
                source_sha: it.source_sha.clone(),
                target_sha: it.target_sha.clone(),
                status: it.status.as_str().to_owned(),
                author: it.author.clone(),
                reviews: to_text(&it.reviews)?,
                checks: to_text(&it.checks)?,
                mergeability: it.mergeability.as_str().to_owned(),
                conflict_paths: to_text(&it.conflict_paths)?,
                merge_intent: it.merge_intent.as_ref().map(to_text).transpose()?,
                strategy: it.strategy.map(|strategy| strategy.as_str().to_owned()),
                merge_commit_sha: it.merge_commit_sha.clone(),
                tree_hash: it.tree_hash.clone(),
                parent_shas: to_text(&it.parent_shas)?,
                created_shas: to_text(&it.created_shas)?,
                merged_by: it.merged_by.clone(),
                merged_at: it.merged_at.map(micros),
                delete_source_branch: it.delete_source_branch,
                reason: it.reason.clone(),
                closed_marker: closed_marker(it),
                source_key: source_key(it.repository_id, &it.source_branch),
            }
        ))
    }
}

impl TryFrom<Model> for PullRequest {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let damaged = |error: String| StoreError::damaged("PullRequest", error);
        let damaged_id = |error| StoreError::damaged("PullRequest", error);
        let strategy = row.strategy.as_deref().map(str::parse).transpose();
        let intent = row.merge_intent.as_deref().map(from_text).transpose();
        Ok(Self {
            meta: meta_of!("PullRequest", row)?,
            id: row.id.parse().map_err(damaged_id)?,
            repository_id: row
                .repository_id
                .parse()
                .map_err(|e| StoreError::damaged("PullRequest", e))?,
            number: row.number.unsigned_abs(),
            status: row.status.parse().map_err(damaged)?,
            reviews: from_text(&row.reviews)?,
            checks: from_text(&row.checks)?,
            mergeability: row.mergeability.parse().map_err(damaged)?,
            conflict_paths: from_text(&row.conflict_paths)?,
            merge_intent: intent?,
            strategy: strategy.map_err(damaged)?,
            parent_shas: from_text(&row.parent_shas)?,
            created_shas: from_text(&row.created_shas)?,
            merged_at: row.merged_at.map(time_of_micros),
            repository_name: row.repository_name,
            title: row.title,
            description: row.description,
            source_branch: row.source_branch,
            target_branch: row.target_branch,
            source_sha: row.source_sha,
            target_sha: row.target_sha,
            author: row.author,
            merge_commit_sha: row.merge_commit_sha,
            tree_hash: row.tree_hash,
            merged_by: row.merged_by,
            delete_source_branch: row.delete_source_branch,
            reason: row.reason,
        })
    }
}

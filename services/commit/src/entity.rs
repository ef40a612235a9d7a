//! The `commit_record` table (`commit` is a word of SQL).

use sea_orm::entity::prelude::*;
use sluice_kernel::{micros, time_of_micros};
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

use crate::Commit;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "commit_record")]
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
    pub branch: String,
    /// Repository and branch in one: the parent of a branch's commits.
    pub branch_key: String,
    pub natural_key: String,
    pub changes_digest: String,
    pub expected_head: Option<String>,
    pub sha: Option<String>,
    pub tree_hash: String,
    /// A JSON list.
    pub parent_shas: String,
    pub artifact_id: Option<String>,
    pub artifact_content_hash: Option<String>,
    pub message: String,
    /// A JSON list of objects.
    pub trailers: String,
    pub author_name: String,
    pub author_email: String,
    pub committed_at: i64,
    pub origin: String,
    pub pull_request_id: Option<String>,
    pub changed_paths: i64,
    pub status: String,
    pub reason: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("Commit");

/// A repository's branch as one text.
pub(crate) fn branch_key(repository: impl std::fmt::Display, branch: &str) -> String {
    format!("{repository}/{branch}")
}

fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::damaged("Commit", error)
}

impl TryFrom<&Commit> for Model {
    type Error = StoreError;

    fn try_from(commit: &Commit) -> Result<Self, StoreError> {
        Ok(row_with_meta!(
            commit.meta,
            Model {
                id: commit.id.to_string(),
                repository_id: commit.repository_id.to_string(),
                repository_name: commit.repository_name.clone(),
                branch: commit.branch.clone(),
                branch_key: branch_key(commit.repository_id, &commit.branch),
                natural_key: commit.natural_key.clone(),
                changes_digest: commit.changes_digest.clone(),
                expected_head: commit.expected_head.clone(),
                sha: commit.sha.clone(),
                tree_hash: commit.tree_hash.clone(),
                parent_shas: serde_json::to_string(&commit.parent_shas).map_err(damaged)?,
                artifact_id: commit.artifact_id.clone(),
                artifact_content_hash: commit.artifact_content_hash.clone(),
                message: commit.message.clone(),
                trailers: serde_json::to_string(&commit.trailers).map_err(damaged)?,
                author_name: commit.author_name.clone(),
                author_email: commit.author_email.clone(),
                committed_at: micros(commit.committed_at),
                origin: commit.origin.as_str().to_owned(),
                pull_request_id: commit.pull_request_id.map(|id| id.to_string()),
                changed_paths: commit.changed_paths.into(),
                status: commit.status.as_str().to_owned(),
                reason: commit.reason.clone(),
            }
        ))
    }
}

impl TryFrom<Model> for Commit {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let pull_request = row.pull_request_id.as_deref().map(str::parse);
        Ok(Self {
            meta: meta_of!("Commit", row)?,
            id: row.id.parse().map_err(damaged)?,
            repository_id: row.repository_id.parse().map_err(damaged)?,
            parent_shas: serde_json::from_str(&row.parent_shas).map_err(damaged)?,
            trailers: serde_json::from_str(&row.trailers).map_err(damaged)?,
            origin: row.origin.parse().map_err(damaged)?,
            status: row.status.parse().map_err(damaged)?,
            pull_request_id: pull_request.transpose().map_err(damaged)?,
            changed_paths: row.changed_paths.try_into().map_err(damaged)?,
            committed_at: time_of_micros(row.committed_at),
            repository_name: row.repository_name,
            branch: row.branch,
            natural_key: row.natural_key,
            changes_digest: row.changes_digest,
            expected_head: row.expected_head,
            sha: row.sha,
            tree_hash: row.tree_hash,
            artifact_id: row.artifact_id,
            artifact_content_hash: row.artifact_content_hash,
            message: row.message,
            author_name: row.author_name,
            author_email: row.author_email,
            reason: row.reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::commit;

    #[test]
    fn a_commit_survives_its_row() {
        let commit = commit();
        let row = Model::try_from(&commit).unwrap();
        assert_eq!(Commit::try_from(row).unwrap(), commit);
    }
}

//! What lists of commits can be narrowed to and sorted by.

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Direction, page::CursorValue};
use sluice_schema::{ProjectId, PullRequestId, RepositoryId};
use sluice_store::{Listing, Order};

use crate::{
    Commit, CommitOrigin, CommitStatus,
    entity::{Column, Entity, Model},
};

/// Which commits a list shows; absent fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct CommitFilter {
    /// Of this project.
    pub project_id: Option<ProjectId>,
    /// Of this repository.
    pub repository_id: Option<RepositoryId>,
    /// On this branch.
    pub branch: Option<String>,
    /// With this Git object id.
    pub sha: Option<String>,
    /// Of this source artifact.
    pub artifact_id: Option<String>,
    /// Written by the merge of this pull request.
    pub pull_request_id: Option<PullRequestId>,
    /// Of this author's email address.
    pub author_email: Option<String>,
    /// Of this origin.
    pub origin: Option<CommitOrigin>,
    /// Of this status.
    pub status: Option<CommitStatus>,
    /// Also those given up, which are left out otherwise unless `status` asks for them.
    pub include_failed: bool,
}

/// The orders of a list of commits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum CommitOrder {
    /// By the record's creation.
    #[default]
    CreatedAt,
    /// By the record's last change.
    UpdatedAt,
    /// By when the commit was made.
    CommittedAt,
}

impl CommitOrder {
    /// Its name in cursors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "CREATED_AT",
            Self::UpdatedAt => "UPDATED_AT",
            Self::CommittedAt => "COMMITTED_AT",
        }
    }
}

pub(crate) struct CommitList;

impl Listing for CommitList {
    type Entity = Entity;
    type Aggregate = Commit;
    type Filter = CommitFilter;
    type Order = CommitOrder;

    fn condition(filter: &CommitFilter) -> Condition {
        let text = |column: Column, value: &Option<String>| {
            value.as_ref().map(|value| column.eq(value.as_str()))
        };
        let without_failed = filter.status.is_none() && !filter.include_failed;
        let project = filter.project_id.as_ref();
        let failed = CommitStatus::Failed.as_str();
        Condition::all()
            .add_option(project.map(|id| Column::ProjectId.eq(id.as_str())))
            .add_option(
                filter
                    .repository_id
                    .map(|id| Column::RepositoryId.eq(id.to_string())),
            )
            .add_option(text(Column::Branch, &filter.branch))
            .add_option(text(Column::Sha, &filter.sha))
            .add_option(text(Column::ArtifactId, &filter.artifact_id))
            .add_option(
                filter
                    .pull_request_id
                    .map(|id| Column::PullRequestId.eq(id.to_string())),
            )
            .add_option(text(Column::AuthorEmail, &filter.author_email))
            .add_option(
                filter
                    .origin
                    .map(|origin| Column::Origin.eq(origin.as_str())),
            )
            .add_option(
                filter
                    .status
                    .map(|status| Column::Status.eq(status.as_str())),
            )
            .add_option(without_failed.then(|| Column::Status.ne(failed)))
    }

    fn order(order: CommitOrder, direction: Direction) -> Order<Entity> {
        let (column, value_of): (Column, fn(&Model) -> CursorValue) = match order {
            CommitOrder::CreatedAt => (Column::CreatedAt, |row| {
                CursorValue::Integer(row.created_at)
            }),
            CommitOrder::UpdatedAt => (Column::UpdatedAt, |row| {
                CursorValue::Integer(row.updated_at)
            }),
            CommitOrder::CommittedAt => (Column::CommittedAt, |row| {
                CursorValue::Integer(row.committed_at)
            }),
        };
        Order {
            name: order.name(),
            column,
            direction,
            value_of,
        }
    }
}

//! Lists of pull requests: filter, orders, pages, counts.

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Direction, page::CursorValue};
use sluice_schema::{ProjectId, RepositoryId};
use sluice_store::{Listing, Order};

use crate::{
    PullRequest, PullRequestStatus,
    entity::{Column, Entity, Model},
};

/// Which pull requests a list shows; absent fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PullRequestFilter {
    /// Of this project.
    pub project_id: Option<ProjectId>,
    /// Of this repository.
    pub repository_id: Option<RepositoryId>,
    /// Of this status.
    pub status: Option<PullRequestStatus>,
    /// From this branch.
    pub source_branch: Option<String>,
    /// To this branch.
    pub target_branch: Option<String>,
    /// Opened by this actor.
    pub author: Option<String>,
}

/// The orders of a list of pull requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum PullRequestOrder {
    /// By creation.
    #[default]
    CreatedAt,
    /// By last change.
    UpdatedAt,
    /// By number in the repository.
    Number,
}

impl PullRequestOrder {
    /// Its name in cursors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "CREATED_AT",
            Self::UpdatedAt => "UPDATED_AT",
            Self::Number => "NUMBER",
        }
    }
}

pub(crate) struct PullRequestList;

impl Listing for PullRequestList {
    type Entity = Entity;
    type Aggregate = PullRequest;
    type Filter = PullRequestFilter;
    type Order = PullRequestOrder;

    fn condition(filter: &PullRequestFilter) -> Condition {
        let text = |column: Column, value: &Option<String>| {
            value.as_ref().map(|value| column.eq(value.as_str()))
        };
        let project = filter.project_id.as_ref();
        let repository = filter.repository_id.as_ref();
        Condition::all()
            .add_option(project.map(|id| Column::ProjectId.eq(id.as_str())))
            .add_option(repository.map(|id| Column::RepositoryId.eq(id.to_string())))
            .add_option(
                filter
                    .status
                    .map(|status| Column::Status.eq(status.as_str())),
            )
            .add_option(text(Column::SourceBranch, &filter.source_branch))
            .add_option(text(Column::TargetBranch, &filter.target_branch))
            .add_option(text(Column::Author, &filter.author))
    }

    fn order(order: PullRequestOrder, direction: Direction) -> Order<Entity> {
        let (column, value_of): (Column, fn(&Model) -> CursorValue) = match order {
            PullRequestOrder::CreatedAt => (Column::CreatedAt, |row| {
                CursorValue::Integer(row.created_at)
            }),
            PullRequestOrder::UpdatedAt => (Column::UpdatedAt, |row| {
                CursorValue::Integer(row.updated_at)
            }),
            PullRequestOrder::Number => (Column::Number, |row| CursorValue::Integer(row.number)),
        };
        Order {
            name: order.name(),
            column,
            direction,
            value_of,
        }
    }
}

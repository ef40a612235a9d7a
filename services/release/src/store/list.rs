//! Lists of releases: filter, orders.

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Direction, page::CursorValue};
use sluice_schema::{ModuleId, ProjectId};
use sluice_store::{Listing, Order};

use crate::{
    ReleasePlan, ReleaseStatus,
    entity::{Column, Entity, Model},
};

/// Which releases a list shows; absent fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ReleaseFilter {
    /// Of this project.
    pub project_id: Option<ProjectId>,
    /// Of this module alone; releases of several modules have none.
    pub module_id: Option<ModuleId>,
    /// Of this status.
    pub status: Option<ReleaseStatus>,
    /// Of this name: the module, or the modules joined by `+`.
    pub name: Option<String>,
    /// Of this version.
    pub version: Option<String>,
    /// Planned on behalf of this actor.
    pub planned_by: Option<String>,
    /// Planned by a policy, or by a command.
    pub automatic: Option<bool>,
}

/// The orders of a list of releases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ReleaseOrder {
    /// By creation.
    #[default]
    CreatedAt,
    /// By last change.
    UpdatedAt,
    /// By semantic version.
    Version,
}

impl ReleaseOrder {
    /// Its name in cursors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "CREATED_AT",
            Self::UpdatedAt => "UPDATED_AT",
            Self::Version => "VERSION",
        }
    }
}

pub(crate) struct ReleaseList;

pub(super) fn by_version(direction: Direction) -> Order<Entity> {
    ReleaseList::order(ReleaseOrder::Version, direction)
}

impl Listing for ReleaseList {
    type Entity = Entity;
    type Aggregate = ReleasePlan;
    type Filter = ReleaseFilter;
    type Order = ReleaseOrder;

    fn condition(filter: &ReleaseFilter) -> Condition {
        let text = |column: Column, value: &Option<String>| {
            value.as_ref().map(|value| column.eq(value.as_str()))
        };
        let project = filter.project_id.as_ref();
        let module = filter.module_id.as_ref();
        let status = filter.status;
        Condition::all()
            .add_option(project.map(|id| Column::ProjectId.eq(id.as_str())))
            .add_option(module.map(|id| Column::ModuleId.eq(id.as_str())))
            .add_option(status.map(|status| Column::Status.eq(status.as_str())))
            .add_option(text(Column::Name, &filter.name))
            .add_option(text(Column::Semver, &filter.version))
            .add_option(text(Column::PlannedBy, &filter.planned_by))
            .add_option(filter.automatic.map(|value| Column::Automatic.eq(value)))
    }

    fn order(order: ReleaseOrder, direction: Direction) -> Order<Entity> {
        let (column, value_of): (Column, fn(&Model) -> CursorValue) = match order {
            ReleaseOrder::CreatedAt => (Column::CreatedAt, |row| {
                CursorValue::Integer(row.created_at)
            }),
            ReleaseOrder::UpdatedAt => (Column::UpdatedAt, |row| {
                CursorValue::Integer(row.updated_at)
            }),
            ReleaseOrder::Version => (Column::VersionKey, |row| {
                CursorValue::Text(row.version_key.clone())
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

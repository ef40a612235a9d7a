//! What workers look for, in every tenant.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use sluice_kernel::micros;
use sluice_store::{Store, StoreError};

use crate::{
    PipelineRun, RunStatus,
    entity::{Column, Entity},
};

/// A process that runs pipelines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    /// Stable over restarts.
    pub(crate) instance: String,
    /// This process.
    pub(crate) incarnation: String,
}

async fn everywhere(
    store: &Store,
    condition: Condition,
    limit: u64,
) -> Result<Vec<PipelineRun>, StoreError> {
    let rows = store.find_everywhere::<Entity>(condition, limit).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The oldest run in the queue of each project, so that a long queue of one hides no other.
pub(crate) async fn queue_heads(store: &Store, limit: u64) -> Result<Vec<PipelineRun>, StoreError> {
    let heads = Entity::find()
        .select_only()
        .column_as(Column::Id.min(), "head")
        .filter(Column::Status.eq(RunStatus::Queued.as_str()))
        .group_by(Column::TenantId)
        .group_by(Column::ProjectId)
        .into_query();
    let heads = Condition::all()
        .add(Column::Status.eq(RunStatus::Queued.as_str()))
        .add(Column::Id.in_subquery(heads));
    everywhere(store, heads, limit).await
}

/// Runs whose lease ran out, and those of earlier processes of this instance.
pub(crate) async fn lost(
    store: &Store,
    holder: &Holder,
    limit: u64,
) -> Result<Vec<PipelineRun>, StoreError> {
    let earlier = Condition::all()
        .add(Column::LeaseHolder.eq(holder.instance.as_str()))
        .add(Column::LeaseIncarnation.ne(holder.incarnation.as_str()));
    let gone = Condition::any()
        .add(Column::LeaseUntil.lt(micros(store.clock().now())))
        .add(Column::LeaseUntil.is_null())
        .add(earlier);
    let condition = Condition::all()
        .add(Column::Status.eq(RunStatus::Running.as_str()))
        .add(gone);
    everywhere(store, condition, limit).await
}

/// Ended runs whose work folder is still on this instance's disk.
pub(crate) async fn littered(
    store: &Store,
    holder: &Holder,
    limit: u64,
) -> Result<Vec<PipelineRun>, StoreError> {
    let condition = Condition::all()
        .add(Column::Status.eq(RunStatus::Completed.as_str()))
        .add(Column::LeaseHolder.eq(holder.instance.as_str()));
    everywhere(store, condition, limit).await
}

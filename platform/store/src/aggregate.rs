//! What a table must look like to hold aggregates.

use sea_orm::EntityTrait;
use sluice_kernel::{Meta, time_of_micros};

use crate::StoreError;

/// The columns that every aggregate's table has and the store reads by itself.
#[derive(Debug, Clone, Copy)]
pub struct AggregateColumns<C> {
    /// Owner; the first column of every index.
    pub tenant: C,
    /// The aggregate's id as text.
    pub id: C,
    /// Project of the owner.
    pub project: C,
    /// Version, raised by every save.
    pub version: C,
}

/// A sea-orm entity whose rows are aggregates. Implement it with [`aggregate_entity!`].
///
/// [`aggregate_entity!`]: crate::aggregate_entity
pub trait AggregateEntity: EntityTrait {
    /// The aggregate's type, as in events.
    const KIND: &'static str;
    /// Its common columns.
    const COLUMNS: AggregateColumns<Self::Column>;
    /// The row's id.
    fn id_of(row: &Self::Model) -> &str;
    /// The row's version.
    fn version_of(row: &Self::Model) -> i64;
}

/// Implements [`AggregateEntity`] for the `Entity` in scope.
#[macro_export]
macro_rules! aggregate_entity {
    ($kind:literal) => {
        impl $crate::AggregateEntity for Entity {
            const KIND: &'static str = $kind;
            const COLUMNS: $crate::AggregateColumns<Column> = $crate::AggregateColumns {
                tenant: Column::TenantId,
                id: Column::Id,
                project: Column::ProjectId,
                version: Column::Version,
            };
            fn id_of(row: &Model) -> &str {
                &row.id
            }
            fn version_of(row: &Model) -> i64 {
                row.version
            }
        }
    };
}

/// Builds a row from the common fields of `meta` and the aggregate's own.
#[macro_export]
macro_rules! row_with_meta {
    ($meta:expr, $model:ident { $($field:ident : $value:expr),* $(,)? }) => {{
        let meta = &$meta;
        $model {
            tenant_id: meta.tenant_id.to_string(),
            project_id: meta.project_id.to_string(),
            module_id: meta.module_id.as_ref().map(ToString::to_string),
            version: meta.version,
            created_at: ::sluice_kernel::micros(meta.created_at),
            updated_at: ::sluice_kernel::micros(meta.updated_at),
            created_by: meta.created_by.clone(),
            updated_by: meta.updated_by.clone(),
            trace_id: meta.trace_id.clone(),
            correlation_id: meta.correlation_id.clone(),
            $($field: $value,)*
        }
    }};
}

/// Reads the common fields of a row back.
#[macro_export]
macro_rules! meta_of {
    ($kind:literal, $row:expr) => {{
        let row = &$row;
        $crate::meta_of_row(
            $kind,
            (&row.tenant_id, &row.project_id, row.module_id.as_deref()),
            row.version,
            (row.created_at, row.updated_at),
            (&row.created_by, &row.updated_by),
            (&row.trace_id, &row.correlation_id),
        )
    }};
}

/// The common fields of a row; used through [`meta_of!`](crate::meta_of).
///
/// # Errors
/// [`StoreError::Damaged`] when a stored name breaks its rule.
pub fn meta_of_row(
    kind: &'static str,
    (tenant, project, module): (&str, &str, Option<&str>),
    version: i64,
    (created_at, updated_at): (i64, i64),
    (created_by, updated_by): (&str, &str),
    (trace_id, correlation_id): (&str, &str),
) -> Result<Meta, StoreError> {
    let damaged = |error: sluice_schema::InvalidName| StoreError::damaged(kind, error);
    Ok(Meta {
        tenant_id: tenant.parse().map_err(damaged)?,
        project_id: project.parse().map_err(damaged)?,
        module_id: module.map(str::parse).transpose().map_err(damaged)?,
        version,
        created_at: time_of_micros(created_at),
        updated_at: time_of_micros(updated_at),
        created_by: created_by.to_owned(),
        updated_by: updated_by.to_owned(),
        trace_id: trace_id.to_owned(),
        correlation_id: correlation_id.to_owned(),
    })
}

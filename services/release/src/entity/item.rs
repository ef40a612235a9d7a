//! The table `release_item`: the builds of releases, to look releases up by them.

use sea_orm::entity::prelude::*;
use sluice_store::{aggregate_entity, row_with_meta};

use crate::ReleasePlan;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "release_item")]
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
    pub release_id: String,
    pub build_id: String,
    pub module: String,
    pub repository_id: String,
    pub commit_sha: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("ReleaseItem");

/// One row for each build of the release.
pub(crate) fn rows(release: &ReleasePlan) -> Vec<Model> {
    let items = release.items.iter().enumerate();
    let row = |(index, planned): (usize, &crate::PlannedItem)| {
        let item = &planned.item;
        row_with_meta!(
            release.meta,
            Model {
                id: format!("{}.{index}", release.id),
                release_id: release.id.to_string(),
                build_id: item.build_id.to_string(),
                module: item.module.id.clone(),
                repository_id: item.repository_id.to_string(),
                commit_sha: item.commit_sha.clone(),
            }
        )
    };
    items.map(row).collect()
}

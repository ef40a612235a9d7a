//! The `branch_history` table.

use sea_orm::{Condition, entity::prelude::*};
use sluice_kernel::Ctx;
use sluice_store::{Store, StoreError, Tx, aggregate_entity, meta_of, row_with_meta};

use super::BranchHistory;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "branch_history")]
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
    pub branch: String,
    pub head_sha: Option<String>,
    pub landings: i64,
    pub target_sha: Option<String>,
    pub told: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("BranchHistory");

fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::damaged("BranchHistory", error)
}

impl TryFrom<&BranchHistory> for Model {
    type Error = StoreError;

    fn try_from(history: &BranchHistory) -> Result<Self, StoreError> {
        Ok(row_with_meta!(
            history.meta,
            Model {
                id: history.id.clone(),
                repository_id: history.repository_id.to_string(),
                branch: history.branch.clone(),
                head_sha: history.head.map(|id| id.to_string()),
                landings: history.landings.try_into().map_err(damaged)?,
                target_sha: history.target.map(|id| id.to_string()),
                told: history.told.try_into().map_err(damaged)?,
            }
        ))
    }
}

impl TryFrom<Model> for BranchHistory {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let id = |text: Option<String>| text.map(|id| id.parse()).transpose();
        Ok(Self {
            meta: meta_of!("BranchHistory", row)?,
            repository_id: row.repository_id.parse().map_err(damaged)?,
            head: id(row.head_sha).map_err(damaged)?,
            landings: row.landings.try_into().map_err(damaged)?,
            target: id(row.target_sha).map_err(damaged)?,
            told: row.told.try_into().map_err(damaged)?,
            id: row.id,
            branch: row.branch,
            stored: true,
        })
    }
}

/// How far the branch with this key has been told, when it has been at all.
pub(crate) async fn find(
    store: &Store,
    ctx: &Ctx,
    key: &str,
) -> Result<Option<BranchHistory>, StoreError> {
    let row = store.find::<Entity>(ctx).by_id(key).await?;
    row.map(TryInto::try_into).transpose()
}

/// Histories of every tenant whose telling is under way.
pub(crate) async fn under_way(store: &Store, limit: u64) -> Result<Vec<BranchHistory>, StoreError> {
    let condition = Condition::all().add(Column::TargetSha.is_not_null());
    let rows = store.find_everywhere::<Entity>(condition, limit).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Saves what was read, or is new; a race when somebody else saved it meanwhile.
pub(crate) async fn save(tx: &Tx, history: &BranchHistory) -> Result<(), StoreError> {
    let row = Model::try_from(history)?;
    if history.stored {
        tx.update::<Entity>(row).await?;
        return Ok(());
    }
    tx.insert::<Entity>(row).await
}

#[cfg(test)]
mod tests {
    use sluice_schema::TypedId;

    use super::*;
    use crate::model::tests::commit;

    #[test]
    fn a_history_survives_its_row() {
        let repository_id = sluice_schema::RepositoryId::generate();
        let history = BranchHistory {
            id: format!("{repository_id}/main"),
            meta: commit().meta,
            repository_id,
            branch: "main".into(),
            head: Some("1".repeat(40).parse().unwrap()),
            landings: 7,
            target: None,
            told: 3,
            stored: true,
        };
        let row = Model::try_from(&history).unwrap();
        assert_eq!(BranchHistory::try_from(row).unwrap(), history);
    }
}

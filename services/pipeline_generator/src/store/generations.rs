//! Finders and saves of generations.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::Ctx;
use sluice_schema::{PipelineId, RepositoryId};
use sluice_store::{Store, StoreError, Tx};

use crate::{
    entity::generation::{Column, Entity},
    model::{Generation, GenerationKey, GenerationStatus},
};

pub(crate) async fn find(
    store: &Store,
    ctx: &Ctx,
    key: &str,
) -> Result<Option<Generation>, StoreError> {
    let row = store.find::<Entity>(ctx).by_id(key).await?;
    row.map(TryInto::try_into).transpose()
}

/// Which definitions the commits were generated to, in one statement.
pub(crate) async fn pipelines_of(
    store: &Store,
    ctx: &Ctx,
    commits: &[(RepositoryId, String)],
) -> Result<HashMap<(RepositoryId, String), PipelineId>, StoreError> {
    let keys = commits.iter().map(|(repository_id, commit_sha)| {
        let key = GenerationKey {
            repository_id: *repository_id,
            commit_sha: commit_sha.clone(),
        };
        key.to_string()
    });
    let rows = store.find::<Entity>(ctx).by_ids(keys).await?;
    rows.into_iter()
        .map(|row| {
            let Generation {
                key, pipeline_id, ..
            } = row.try_into()?;
            Ok(((key.repository_id, key.commit_sha), pipeline_id))
        })
        .collect()
}

/// Generations of every tenant whose YAML may not be in the repository yet.
pub(crate) async fn pending(store: &Store, limit: u64) -> Result<Vec<Generation>, StoreError> {
    let condition = Condition::all().add(Column::Status.eq(GenerationStatus::Pending.as_str()));
    let rows = store.find_everywhere::<Entity>(condition, limit).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(crate) async fn insert(tx: &Tx, generation: &Generation) -> Result<(), StoreError> {
    tx.insert::<Entity>(generation.into()).await
}

pub(crate) async fn update(tx: &Tx, generation: &mut Generation) -> Result<(), StoreError> {
    generation.meta.version = tx.update::<Entity>((&*generation).into()).await?;
    Ok(())
}

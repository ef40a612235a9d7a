//! Batch look-ups: two statements for any number of keys.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
    sync::Arc,
};

use sea_orm::Condition;
use sluice_kernel::Ctx;
use sluice_schema::{BuildId, ReleaseId, RepositoryId};
use sluice_store::{Store, StoreError};

use super::ReleaseList;
use crate::{ReleasePlan, entity::item};

async fn grouped<K: Clone + Eq + Hash>(
    store: &Store,
    ctx: &Ctx,
    keys: &[K],
    (column, values): (item::Column, Vec<String>),
    key_of: fn(&item::Model) -> Option<K>,
) -> Result<HashMap<K, Vec<Arc<ReleasePlan>>>, StoreError> {
    let finder = store.find::<item::Entity>(ctx);
    let rows = finder.by_values(column, values, Condition::all()).await?;
    let damaged = |error| StoreError::damaged("ReleaseItem", error);
    let mut wanted: HashMap<K, BTreeSet<ReleaseId>> = keys
        .iter()
        .map(|key| (key.clone(), BTreeSet::new()))
        .collect();
    let mut ids = BTreeSet::new();
    for row in rows {
        let Some(group) = key_of(&row).and_then(|key| wanted.get_mut(&key)) else {
            continue;
        };
        let id: ReleaseId = row.release_id.parse().map_err(damaged)?;
        group.insert(id);
        ids.insert(id);
    }
    let ids: Vec<ReleaseId> = ids.into_iter().collect();
    let releases = store.list::<ReleaseList>(ctx).by_ids(&ids).await?;
    let by_id: HashMap<ReleaseId, Arc<ReleasePlan>> =
        releases.into_iter().map(|it| (it.id, it)).collect();
    let groups = wanted.into_iter().filter_map(|(key, ids)| {
        let found: Vec<_> = ids.iter().filter_map(|id| by_id.get(id).cloned()).collect();
        (!found.is_empty()).then_some((key, found))
    });
    Ok(groups.collect())
}

/// The releases of each build, oldest first.
pub(crate) async fn find_by_builds(
    store: &Store,
    ctx: &Ctx,
    builds: &[BuildId],
) -> Result<HashMap<BuildId, Vec<Arc<ReleasePlan>>>, StoreError> {
    let values = builds.iter().map(ToString::to_string).collect();
    let column = (item::Column::BuildId, values);
    grouped(store, ctx, builds, column, |row| row.build_id.parse().ok()).await
}

/// The releases of builds of each commit, oldest first.
pub(crate) async fn find_by_commits(
    store: &Store,
    ctx: &Ctx,
    commits: &[(RepositoryId, String)],
) -> Result<HashMap<(RepositoryId, String), Vec<Arc<ReleasePlan>>>, StoreError> {
    let values = commits.iter().map(|(_, sha)| sha.clone()).collect();
    let column = (item::Column::CommitSha, values);
    grouped(store, ctx, commits, column, |row| {
        Some((row.repository_id.parse().ok()?, row.commit_sha.clone()))
    })
    .await
}

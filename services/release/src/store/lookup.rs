//! Batch look-ups: one statement for any number of keys.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::Arc,
};

use sea_orm::{
    ColumnTrait, Condition, IdenStatic,
    sea_query::{Expr, ExprTrait, Query},
};
use sluice_kernel::Ctx;
use sluice_schema::{BuildId, RepositoryId, events::ReleaseItem};
use sluice_store::{Store, StoreError, in_set};

use super::ReleaseList;
use crate::{
    ReleasePlan,
    entity::{Column, item},
};

// A release tells its builds itself; the rows of its items find it.
async fn grouped<K: Clone + Eq + Hash>(
    store: &Store,
    ctx: &Ctx,
    keys: &[K],
    (column, values): (item::Column, Vec<String>),
    key_of: fn(&ReleaseItem) -> K,
) -> Result<HashMap<K, Vec<Arc<ReleasePlan>>>, StoreError> {
    let items = Query::select()
        .column(item::Column::ReleaseId)
        .from(item::Entity)
        .and_where(Expr::col(item::Column::TenantId).eq(ctx.tenant().as_str()))
        .and_where(in_set(store.backend(), column.as_str(), values))
        .to_owned();
    let condition = Condition::all().add(Column::Id.in_subquery(items));
    let list = store.list::<ReleaseList>(ctx);
    let mut releases = list.matching(condition).await?;
    releases.sort_by_key(|release| release.id);
    let wanted: HashSet<&K> = keys.iter().collect();
    let mut groups: HashMap<K, Vec<Arc<ReleasePlan>>> = HashMap::new();
    for release in releases {
        let keys: HashSet<K> = release.items.iter().map(|it| key_of(&it.item)).collect();
        for key in keys.into_iter().filter(|key| wanted.contains(key)) {
            groups.entry(key).or_default().push(release.clone());
        }
    }
    Ok(groups)
}

/// The releases of each build, oldest first.
pub(crate) async fn find_by_builds(
    store: &Store,
    ctx: &Ctx,
    builds: &[BuildId],
) -> Result<HashMap<BuildId, Vec<Arc<ReleasePlan>>>, StoreError> {
    let values = builds.iter().map(ToString::to_string).collect();
    let column = (item::Column::BuildId, values);
    grouped(store, ctx, builds, column, |item| item.build_id).await
}

/// The releases of builds of each commit, oldest first.
pub(crate) async fn find_by_commits(
    store: &Store,
    ctx: &Ctx,
    commits: &[(RepositoryId, String)],
) -> Result<HashMap<(RepositoryId, String), Vec<Arc<ReleasePlan>>>, StoreError> {
    let values = commits.iter().map(|(_, sha)| sha.clone()).collect();
    let column = (item::Column::CommitSha, values);
    grouped(store, ctx, commits, column, |item| {
        (item.repository_id, item.commit_sha.clone())
    })
    .await
}

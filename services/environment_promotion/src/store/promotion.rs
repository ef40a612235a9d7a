//! Promotions.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, Page, PageRequest, micros, page::CursorValue};
use sluice_schema::{EnvironmentId, ProjectId, PromotionId, ReleaseId};
use sluice_store::{Finder, Listing, Order, Store, StoreError, Tx};

use crate::{
    EnvironmentPromotion, PromotionKind, PromotionStatus,
    entity::promotion::{Column, Entity, Model},
};

/// Promotions that may wait for one environment.
const MAX_WAITING: u64 = 200;
/// Promotions that one step of a search through the history reads.
const STEP: u64 = 100;

/// Which promotions a list shows; absent fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PromotionFilter {
    /// Of this project.
    pub project_id: Option<ProjectId>,
    /// Of this release.
    pub release_id: Option<ReleaseId>,
    /// Into this environment.
    pub environment_id: Option<EnvironmentId>,
    /// Into environments of this name.
    pub environment: Option<String>,
    /// Of this status.
    pub status: Option<PromotionStatus>,
    /// That go this way.
    pub kind: Option<PromotionKind>,
}

/// The orders of a list of promotions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum PromotionOrder {
    /// By creation.
    #[default]
    CreatedAt,
    /// By last change.
    UpdatedAt,
}

impl PromotionOrder {
    /// Its name in cursors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "CREATED_AT",
            Self::UpdatedAt => "UPDATED_AT",
        }
    }
}

pub(crate) struct PromotionList;

impl Listing for PromotionList {
    type Entity = Entity;
    type Aggregate = EnvironmentPromotion;
    type Filter = PromotionFilter;
    type Order = PromotionOrder;

    fn condition(filter: &PromotionFilter) -> Condition {
        let project = filter.project_id.as_ref();
        let environment = filter.environment.as_ref();
        Condition::all()
            .add_option(project.map(|id| Column::ProjectId.eq(id.as_str())))
            .add_option(
                filter
                    .release_id
                    .map(|id| Column::ReleaseId.eq(id.to_string())),
            )
            .add_option(
                filter
                    .environment_id
                    .map(|id| Column::EnvironmentId.eq(id.to_string())),
            )
            .add_option(environment.map(|name| Column::Environment.eq(name.as_str())))
            .add_option(filter.status.map(|it| Column::Status.eq(it.as_str())))
            .add_option(filter.kind.map(|it| Column::Kind.eq(it.as_str())))
    }

    fn order(order: PromotionOrder, direction: Direction) -> Order<Entity> {
        let (column, value_of): (Column, fn(&Model) -> CursorValue) = match order {
            PromotionOrder::CreatedAt => (Column::CreatedAt, |row| {
                CursorValue::Integer(row.created_at)
            }),
            PromotionOrder::UpdatedAt => (Column::UpdatedAt, |row| {
                CursorValue::Integer(row.updated_at)
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

fn by_attempt() -> Order<Entity> {
    Order {
        name: "ATTEMPT",
        column: Column::Attempt,
        direction: Direction::Descending,
        value_of: |row: &Model| CursorValue::Integer(row.attempt),
    }
}

/// The newest attempt of the release in the environment.
pub(crate) async fn newest_attempt(
    store: &Store,
    ctx: &Ctx,
    release: ReleaseId,
    environment: EnvironmentId,
) -> Result<Option<EnvironmentPromotion>, StoreError> {
    let condition = Condition::all()
        .add(Column::ReleaseId.eq(release.to_string()))
        .add(Column::EnvironmentId.eq(environment.to_string()));
    let finder = store.find::<Entity>(ctx);
    let page = finder
        .page(condition, &by_attempt(), &PageRequest::first(1))
        .await?;
    page.items
        .into_iter()
        .next()
        .map(TryInto::try_into)
        .transpose()
}

/// Promotions that wait for one environment, oldest first.
pub(crate) struct Waiting(Vec<EnvironmentPromotion>);

impl Waiting {
    /// Those of at least one of the modules that stand before `than`; all of them when it does
    /// not wait itself yet.
    pub(crate) fn before(
        &self,
        than: Option<&EnvironmentPromotion>,
        modules: &[String],
    ) -> Vec<EnvironmentPromotion> {
        let place = |it: &EnvironmentPromotion| (it.meta.created_at, it.id);
        let earlier = |it: &&EnvironmentPromotion| than.is_none_or(|than| place(it) < place(than));
        let shares = |it: &&EnvironmentPromotion| it.modules.iter().any(|it| modules.contains(it));
        self.0
            .iter()
            .filter(earlier)
            .filter(shares)
            .cloned()
            .collect()
    }
}

/// Promotions that wait for the environment.
pub(crate) async fn waiting(
    store: &Store,
    ctx: &Ctx,
    environment: EnvironmentId,
) -> Result<Waiting, StoreError> {
    let waits = [PromotionStatus::Requested, PromotionStatus::Gated].map(PromotionStatus::as_str);
    let condition = Condition::all()
        .add(Column::EnvironmentId.eq(environment.to_string()))
        .add(Column::Status.is_in(waits));
    let order = PromotionList::order(PromotionOrder::CreatedAt, Direction::Ascending);
    let finder: Finder<'_, Entity> = store.find(ctx);
    let page = finder
        .page(condition, &order, &PageRequest::first(MAX_WAITING))
        .await?;
    let promotions: Result<Vec<_>, _> = page.items.into_iter().map(TryInto::try_into).collect();
    Ok(Waiting(promotions?))
}

/// The promotions by which the release succeeded in each of the environments, where it was not
/// rolled back.
pub(crate) async fn succeeded_in(
    store: &Store,
    ctx: &Ctx,
    release: ReleaseId,
    environments: &[EnvironmentId],
) -> Result<HashMap<EnvironmentId, Vec<Arc<EnvironmentPromotion>>>, StoreError> {
    let condition = Condition::all()
        .add(Column::ReleaseId.eq(release.to_string()))
        .add(Column::Status.eq(PromotionStatus::Succeeded.as_str()));
    let keys = environments.iter().map(ToString::to_string).collect();
    let list = store.list::<PromotionList>(ctx);
    let mut groups: HashMap<EnvironmentId, Vec<Arc<EnvironmentPromotion>>> = HashMap::new();
    for promotion in list
        .by_values(Column::EnvironmentId, keys, condition)
        .await?
    {
        let group = groups.entry(promotion.environment_id).or_default();
        group.push(promotion);
    }
    Ok(groups)
}

/// A step back through what succeeded in the environment before `since`, newest first.
pub(crate) async fn declared_before(
    store: &Store,
    ctx: &Ctx,
    environment: EnvironmentId,
    since: DateTime<Utc>,
) -> Result<Vec<EnvironmentPromotion>, StoreError> {
    let condition = Condition::all()
        .add(Column::EnvironmentId.eq(environment.to_string()))
        .add(Column::Status.eq(PromotionStatus::Succeeded.as_str()))
        .add(Column::Kind.eq(PromotionKind::Promotion.as_str()))
        .add(Column::PromotedAt.lt(micros(since)));
    let order = Order {
        name: "PROMOTED_AT",
        column: Column::PromotedAt,
        direction: Direction::Descending,
        value_of: |row: &Model| CursorValue::Integer(row.promoted_at.unwrap_or_default()),
    };
    let page: Page<Model> = store
        .find::<Entity>(ctx)
        .page(condition, &order, &PageRequest::first(STEP))
        .await?;
    page.items.into_iter().map(TryInto::try_into).collect()
}

/// The promotions of each release, in one statement, oldest first.
pub(crate) async fn find_by_releases(
    store: &Store,
    ctx: &Ctx,
    releases: &[ReleaseId],
) -> Result<HashMap<ReleaseId, Vec<Arc<EnvironmentPromotion>>>, StoreError> {
    let keys = releases.iter().map(ToString::to_string).collect();
    let list = store.list::<PromotionList>(ctx);
    let mut found = list
        .by_values(Column::ReleaseId, keys, Condition::all())
        .await?;
    found.sort_by_key(|it| (it.meta.created_at, it.id));
    let mut groups: HashMap<ReleaseId, Vec<Arc<EnvironmentPromotion>>> = HashMap::new();
    for promotion in found {
        groups
            .entry(promotion.release_id)
            .or_default()
            .push(promotion);
    }
    Ok(groups)
}

/// Promotions of every tenant that have not ended, after the given one.
pub(crate) async fn open_everywhere(
    store: &Store,
    after: Option<PromotionId>,
    limit: u64,
) -> Result<Vec<EnvironmentPromotion>, StoreError> {
    let open = [
        PromotionStatus::Requested,
        PromotionStatus::Gated,
        PromotionStatus::Running,
        PromotionStatus::Verifying,
    ];
    let condition = Condition::all()
        .add(Column::Status.is_in(open.map(PromotionStatus::as_str)))
        .add_option(after.map(|id| Column::Id.gt(id.to_string())));
    store
        .list_everywhere::<PromotionList>(condition, limit)
        .await
}

pub(crate) async fn insert_promotion(
    tx: &Tx,
    promotion: &EnvironmentPromotion,
) -> Result<(), StoreError> {
    tx.insert::<Entity>(promotion.try_into()?).await
}

pub(crate) async fn update_promotion(
    tx: &Tx,
    promotion: &mut EnvironmentPromotion,
) -> Result<(), StoreError> {
    let row = Model::try_from(&*promotion)?;
    promotion.meta.version = tx.update::<Entity>(row).await?;
    Ok(())
}

//! Finders and saves of approvals.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, PageRequest, micros, page::CursorValue};
use sluice_schema::ReleaseId;
use sluice_store::{Listing, Order, Parent, Store, StoreError, Tx};

use crate::{
    ApprovalDecision, ApprovalState, ReleaseApproval,
    entity::approval::{Column, Entity, Model},
};

/// Approvals of a release that count at once.
pub(crate) const MAX_VALID: u64 = 100;
/// Decisions on a release that are shown: the newest.
const MAX_SHOWN: u64 = 200;

pub(crate) struct ApprovalList;

impl Listing for ApprovalList {
    type Entity = Entity;
    type Aggregate = ReleaseApproval;
    type Filter = ();
    type Order = ();

    fn condition((): &()) -> Condition {
        Condition::all()
    }

    fn order((): (), direction: Direction) -> Order<Entity> {
        Order {
            name: "CREATED_AT",
            column: Column::CreatedAt,
            direction,
            value_of: |row| CursorValue::Integer(row.created_at),
        }
    }
}

fn valid() -> Condition {
    Condition::all()
        .add(Column::State.eq(ApprovalState::Valid.as_str()))
        .add(Column::Decision.eq(ApprovalDecision::Approved.as_str()))
}

/// The release's approvals that count, but for expiry, read inside the transaction.
pub(crate) async fn valid_in(
    tx: &Tx,
    release: ReleaseId,
) -> Result<Vec<ReleaseApproval>, StoreError> {
    let condition = valid().add(Column::ReleaseId.eq(release.to_string()));
    let order = Order::by_id(Direction::Ascending);
    let request = PageRequest::first(MAX_VALID);
    let finder = tx.find::<Entity>();
    let page = finder.page(condition, &order, &request).await?;
    page.items.into_iter().map(TryInto::try_into).collect()
}

/// Decisions on each release, oldest first, in one statement; releases without any are left
/// out.
pub(crate) async fn of_releases(
    store: &Store,
    ctx: &Ctx,
    releases: &[ReleaseId],
) -> Result<HashMap<ReleaseId, Vec<Arc<ReleaseApproval>>>, StoreError> {
    let parent: Parent<Entity, ReleaseId> = Parent {
        column: Column::ReleaseId,
        key: ToString::to_string,
        of: |row: &Model| row.release_id.clone(),
    };
    let list = store.list::<ApprovalList>(ctx);
    let order = ((), Direction::Descending);
    let request = PageRequest::first(MAX_SHOWN);
    let pages = list
        .pages_by(parent, releases, &(), order, &request)
        .await?;
    let oldest_first = pages.into_iter().map(|(release, page)| {
        let mut items = page.items;
        items.reverse();
        (release, items)
    });
    Ok(oldest_first.collect())
}

/// Approvals of every tenant whose time is over and that still count.
pub(crate) async fn overdue(
    store: &Store,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<ReleaseApproval>, StoreError> {
    let condition = valid().add(Column::ExpiresAt.lte(micros(now)));
    store
        .list_everywhere::<ApprovalList>(condition, limit)
        .await
}

pub(crate) async fn insert(tx: &Tx, approval: &ReleaseApproval) -> Result<(), StoreError> {
    tx.insert::<Entity>(approval.into()).await
}

pub(crate) async fn update(tx: &Tx, approval: &mut ReleaseApproval) -> Result<(), StoreError> {
    approval.meta.version = tx.update::<Entity>((&*approval).into()).await?;
    Ok(())
}

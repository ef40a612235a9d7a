//! Finders and saves of attempts.

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Direction, page::CursorValue};
use sluice_schema::SyncId;
use sluice_store::{Listing, Order, Parent, StoreError, Tx};

use crate::{
    AttemptOutcome, SyncAttempt,
    entity::attempt::{Column, Entity},
};

/// Which attempts a list shows; absent fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct AttemptFilter {
    /// Of this synchronisation.
    pub sync_id: Option<SyncId>,
    /// With this outcome.
    pub outcome: Option<AttemptOutcome>,
}

/// The orders of a list of attempts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum AttemptOrder {
    /// By number.
    #[default]
    Number,
}

impl AttemptOrder {
    /// Its name in cursors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Number => "NUMBER",
        }
    }
}

pub(crate) struct AttemptList;

impl Listing for AttemptList {
    type Entity = Entity;
    type Aggregate = SyncAttempt;
    type Filter = AttemptFilter;
    type Order = AttemptOrder;

    fn condition(filter: &AttemptFilter) -> Condition {
        let outcome = filter.outcome.map(AttemptOutcome::as_str);
        Condition::all()
            .add_option(filter.sync_id.map(|id| Column::SyncId.eq(id.to_string())))
            .add_option(outcome.map(|outcome| Column::Outcome.eq(outcome)))
    }

    fn order(order: AttemptOrder, direction: Direction) -> Order<Entity> {
        Order {
            name: order.name(),
            column: Column::Number,
            direction,
            value_of: |row| CursorValue::Integer(row.number),
        }
    }
}

/// How attempts hang on their state.
pub(crate) fn of_sync() -> Parent<Entity, SyncId> {
    Parent {
        column: Column::SyncId,
        key: |id| id.to_string(),
        of: |row| row.sync_id.clone(),
    }
}

pub(crate) async fn find_attempt(tx: &Tx, id: &str) -> Result<Option<SyncAttempt>, StoreError> {
    let row = tx.find::<Entity>().by_id(id).await?;
    row.map(TryInto::try_into).transpose()
}

pub(crate) async fn insert_attempt(tx: &Tx, attempt: &SyncAttempt) -> Result<(), StoreError> {
    tx.insert::<Entity>(attempt.into()).await
}

pub(crate) async fn update_attempt(tx: &Tx, attempt: &SyncAttempt) -> Result<(), StoreError> {
    tx.update::<Entity>(attempt.into()).await?;
    Ok(())
}

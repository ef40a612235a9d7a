//! Places of modules in environments.

use sea_orm::Condition;
use sluice_kernel::Ctx;
use sluice_schema::EnvironmentId;
use sluice_store::{Store, StoreError, Tx};

use crate::{
    entity::slot::{Column, Entity, Model},
    model::{Slot, slot_id},
};

fn ids(environment: EnvironmentId, modules: &[String]) -> Vec<String> {
    modules
        .iter()
        .map(|module| slot_id(environment, module))
        .collect()
}

fn slots(rows: Vec<Model>) -> Result<Vec<Slot>, StoreError> {
    let slots: Result<Vec<Slot>, _> = rows.into_iter().map(TryInto::try_into).collect();
    let mut slots = slots?;
    // Writers take them in one order, so that they do not wait for each other in a circle.
    slots.sort_by(|a, b| a.module.cmp(&b.module));
    Ok(slots)
}

/// The places of these modules; those that never had a promotion are left out.
pub(crate) async fn slots_of(
    store: &Store,
    ctx: &Ctx,
    environment: EnvironmentId,
    modules: &[String],
) -> Result<Vec<Slot>, StoreError> {
    slots(
        store
            .find::<Entity>(ctx)
            .by_ids(ids(environment, modules))
            .await?,
    )
}

/// The same, read inside the transaction.
pub(crate) async fn slots_of_in(
    tx: &Tx,
    environment: EnvironmentId,
    modules: &[String],
) -> Result<Vec<Slot>, StoreError> {
    slots(
        tx.find::<Entity>()
            .by_ids(ids(environment, modules))
            .await?,
    )
}

/// Every place in these environments.
pub(crate) async fn slots_by_environments(
    store: &Store,
    ctx: &Ctx,
    environments: &[EnvironmentId],
) -> Result<Vec<Slot>, StoreError> {
    let keys = environments.iter().map(ToString::to_string);
    let finder = store.find::<Entity>(ctx);
    slots(
        finder
            .by_values(Column::EnvironmentId, keys, Condition::all())
            .await?,
    )
}

/// Saves a place that was read, or makes it when it is new (version 0).
pub(crate) async fn put_slot(tx: &Tx, slot: &Slot) -> Result<(), StoreError> {
    let mut row = Model::from(slot);
    if row.version == 0 {
        row.version = 1;
        return tx.insert::<Entity>(row).await;
    }
    tx.update::<Entity>(row).await.map(|_| ())
}

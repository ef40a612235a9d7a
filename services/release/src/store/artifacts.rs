//! Finders and saves of what became of builds.

use sea_orm::Condition;
use sluice_schema::BuildId;
use sluice_store::{StoreError, Tx};

use crate::{
    entity::artifact::{BuildArtifact, Column, Entity, Model},
    model::supersedes,
};

/// What is known of the builds' packages and images, read inside the transaction.
pub(crate) async fn of_builds(
    tx: &Tx,
    builds: &[BuildId],
) -> Result<Vec<BuildArtifact>, StoreError> {
    let values = builds.iter().map(ToString::to_string);
    let finder = tx.find::<Entity>();
    let rows = finder
        .by_values(Column::BuildId, values, Condition::all())
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Keeps what is told of an artifact, unless what is known counts more.
pub(crate) async fn put(tx: &Tx, told: &BuildArtifact) -> Result<(), StoreError> {
    let known = tx.find::<Entity>().by_id(&told.key()).await?;
    let Some(known) = known.map(BuildArtifact::try_from).transpose()? else {
        return tx.insert::<Entity>(told.try_into()?).await;
    };
    let is_newer = (told.at, told.event_id) > (known.at, known.event_id);
    if !is_newer || !supersedes(&told.artifact, &known.artifact) {
        return Ok(());
    }
    let mut meta = known.meta;
    meta.touch(tx.ctx(), told.meta.updated_at);
    let newer = BuildArtifact {
        meta,
        ..told.clone()
    };
    tx.update::<Entity>(Model::try_from(&newer)?).await?;
    Ok(())
}

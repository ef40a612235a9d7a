//! Data made elsewhere.

use sluice_kernel::Ctx;
use sluice_store::{ImportError, Store};

use crate::{
    ReleaseApproval, ReleasePlan, Releases,
    entity::{
        Entity, Model, approval,
        artifact::{self, BuildArtifact},
        item,
    },
};

impl Releases {
    /// Takes releases and decisions on them as they are into `store`, all or none: for data made
    /// elsewhere. Only whose they are is checked, and nothing is announced. What the releases say
    /// of packages and images of their builds counts as told of when they were planned.
    ///
    /// # Errors
    /// `FORBIDDEN` without the administrative scope or for another tenant's; what the store fails
    /// with, `CONFLICT` when one is there already.
    pub async fn import(
        store: &Store,
        ctx: &Ctx,
        all: &[ReleasePlan],
        approvals: &[ReleaseApproval],
    ) -> Result<(), ImportError> {
        let import = store.import(ctx).await?;
        import
            .take::<Entity>(all.iter().map(Model::try_from))
            .await?;
        let items = all.iter().flat_map(item::rows).map(Ok);
        import.take::<item::Entity>(items).await?;
        let artifacts = all.iter().flat_map(artifacts);
        let artifacts = artifacts.map(|it| artifact::Model::try_from(&it));
        import.take::<artifact::Entity>(artifacts).await?;
        let approvals = approvals.iter().map(|it| Ok(it.into()));
        import.take::<approval::Entity>(approvals).await?;
        import.commit().await
    }
}

fn artifacts(release: &ReleasePlan) -> impl Iterator<Item = BuildArtifact> {
    let items = release.items.iter().map(|planned| &planned.item);
    items.flat_map(|item| {
        let known = item.artifacts.iter().filter(|it| it.id.is_some());
        known.map(|it| BuildArtifact {
            meta: release.meta.clone(),
            build_id: item.build_id,
            artifact: it.clone(),
            at: release.meta.created_at,
            event_id: None,
        })
    })
}

//! Data made elsewhere.

use sluice_kernel::Ctx;
use sluice_store::{ImportError, Store};

use crate::{
    DeploymentManifest, DeploymentManifests, ManifestFile,
    entity::{Entity, Model, content},
    model::Kept,
};

impl DeploymentManifests {
    /// Takes manifests with their files as they are into `store`, all or none: for data made
    /// elsewhere. Only whose they are is checked, and nothing is announced.
    ///
    /// # Errors
    /// `FORBIDDEN` without the administrative scope or for another tenant's; what the store fails
    /// with, `CONFLICT` when one is there already.
    pub async fn import(
        store: &Store,
        ctx: &Ctx,
        all: &[(DeploymentManifest, Vec<ManifestFile>)],
    ) -> Result<(), ImportError> {
        let import = store.import(ctx).await?;
        let manifests = all.iter().map(|(manifest, _)| Model::try_from(manifest));
        import.take::<Entity>(manifests).await?;
        let contents = all.iter().map(|(manifest, files)| {
            let kept = Kept {
                files: files.clone(),
            };
            content::row(&manifest.meta, &manifest.id.to_string(), &kept)
        });
        import.take::<content::Entity>(contents).await?;
        import.commit().await
    }
}

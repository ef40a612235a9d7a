//! Reads beyond those of every service, and what other services learn of images.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use sluice_kernel::{BoxFault, Ctx, directory::ArtifactDirectory};
use sluice_schema::{BuildId, ImageId, RepositoryId, Scope, events::ReleaseArtifact};
use sluice_store::{finds, reads};

use super::{ContainerImages, Result};
use crate::{
    ContainerImage, ContainerImageError, ImageFilter, ImageOrder, ImageStatus,
    content::repository_of,
    entity::Column,
    store::{self, ImageList},
};

reads! {
    ContainerImages: ImageList(ImageFilter, ImageOrder) of ContainerImage by ImageId or ContainerImageError, else ContainerImageError::NotFound("image");
    pages_by_repository, counts_by_repository: RepositoryId in Column::RepositoryId, key |id| id.to_string(), of |row| row.repository_id.clone();
}

/// A commit of a repository.
type CommitKey = (RepositoryId, String);

finds! {
    ContainerImages: ImageList of ContainerImage or ContainerImageError;
    /// The images of each build, of every registry.
    find_all_by_builds: BuildId in Column::BuildId, key |id| id.to_string(), of |it| Some(it.build_id);
    /// The images of each commit's builds.
    find_by_commits: CommitKey in Column::CommitSha, key |(_, sha)| sha.clone(),
        of |it| Some((it.repository_id, it.commit_sha.clone()));
}

impl ContainerImages {
    /// The image of each build that has one; where several registries have one, the one that is
    /// built, and of those the newest.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn find_by_builds(
        &self,
        ctx: &Ctx,
        builds: &[BuildId],
    ) -> Result<HashMap<BuildId, Arc<ContainerImage>>> {
        ctx.require(Scope::Read)?;
        let found = store::find_by_builds(self.store(), ctx, builds).await?;
        Ok(best(found))
    }

    /// The newest image with each of these digests (`sha256:<hex>`) that has one.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn find_by_digests(
        &self,
        ctx: &Ctx,
        digests: &[String],
    ) -> Result<HashMap<String, Arc<ContainerImage>>> {
        ctx.require(Scope::Read)?;
        let mut found = store::find_by_digests(self.store(), ctx, digests).await?;
        found.sort_by_key(|image| image.id);
        let keyed = found
            .into_iter()
            .filter_map(|image| Some((image.digest.clone()?, image)));
        Ok(keyed.collect())
    }

    /// The image's bill of materials, in CycloneDX JSON.
    ///
    /// # Errors
    /// `NOT_FOUND`, also while the image is not built; what the registry fails with.
    pub async fn sbom(&self, ctx: &Ctx, id: ImageId) -> Result<String> {
        let image = self.get(ctx, id).await?;
        self.sbom_of(ctx, &image).await
    }

    /// The image's provenance, an in-toto statement in JSON.
    ///
    /// # Errors
    /// `NOT_FOUND`, also while the image is not built; what the registry fails with.
    pub async fn provenance(&self, ctx: &Ctx, id: ImageId) -> Result<String> {
        let image = self.get(ctx, id).await?;
        self.provenance_of(ctx, &image).await
    }

    /// The bill of materials of an image that was read; see [`sbom`](Self::sbom).
    ///
    /// # Errors
    /// As there.
    pub async fn sbom_of(&self, ctx: &Ctx, image: &ContainerImage) -> Result<String> {
        ctx.require(Scope::Read)?;
        let digest = image.sbom_digest.as_ref();
        let digest = digest.ok_or(ContainerImageError::NotFound("bill of materials"))?;
        self.document(image, digest).await
    }

    /// The provenance of an image that was read; see [`provenance`](Self::provenance).
    ///
    /// # Errors
    /// As there.
    pub async fn provenance_of(&self, ctx: &Ctx, image: &ContainerImage) -> Result<String> {
        ctx.require(Scope::Read)?;
        let digest = image.provenance_digest.as_ref();
        let digest = digest.ok_or(ContainerImageError::NotFound("provenance"))?;
        self.document(image, digest).await
    }

    async fn document(&self, image: &ContainerImage, digest: &str) -> Result<String> {
        let repository = repository_of(&image.meta, &image.name)?;
        let local = &self.ports().local;
        let attached = local.attachment(&repository, digest.parse()?).await?;
        Ok(String::from_utf8_lossy(&attached.content).into_owned())
    }
}

fn best(mut found: Vec<Arc<ContainerImage>>) -> HashMap<BuildId, Arc<ContainerImage>> {
    // Of several with one key the last stays.
    found.sort_by_key(|image| (image.status == ImageStatus::Built, image.id));
    found
        .into_iter()
        .map(|image| (image.build_id, image))
        .collect()
}

#[async_trait]
impl ArtifactDirectory for ContainerImages {
    async fn artifacts(
        &self,
        ctx: &Ctx,
        builds: &[BuildId],
    ) -> std::result::Result<Vec<(BuildId, ReleaseArtifact)>, BoxFault> {
        let found = best(store::find_by_builds(self.store(), ctx, builds).await?);
        let named = found.into_iter();
        Ok(named
            .map(|(build, image)| (build, image.artifact()))
            .collect())
    }
}

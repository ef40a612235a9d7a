//! Takes an image over from an OCI image layout.

use std::path::Path;
use std::sync::Arc;

use crate::backend::{Backend, BlobSource, Stored};
use crate::build::Document;
use crate::error::blocking;
use crate::layout::Store;
use crate::oci::Manifest;
use crate::{Descriptor, Digest, ImageError, ImageRepository, Reference, Result, TagRequest};

const DOING: &str = "reading an image layout";

pub(super) async fn import(
    backend: &impl Backend,
    repository: &ImageRepository,
    layout: &Path,
    image: Digest,
    tags: &[TagRequest],
) -> Result<bool> {
    let store = Store::new(layout.to_owned(), layout, backend.limits().clone());
    let source = Source {
        store: Arc::new(store),
    };
    let manifest = source.take(backend, repository, image).await?;
    let changed = backend.put_manifest(repository, &manifest, tags).await?;
    let mut attached = false;
    let known = backend.referrers_of(repository, image).await?;
    for listed in source.referrers(image).await? {
        if known.iter().any(|one| one.digest == listed.digest) {
            continue;
        }
        let mut document = source.take(backend, repository, listed.digest).await?;
        document.descriptor = listed;
        backend.put_referrer(repository, image, &document).await?;
        attached = true;
    }
    Ok(changed || attached)
}

struct Source {
    store: Arc<Store>,
}

impl Source {
    /// Brings all blobs of a manifest over; the manifest itself is returned.
    async fn take(
        &self,
        backend: &impl Backend,
        repository: &ImageRepository,
        digest: Digest,
    ) -> Result<Document> {
        let stored = self.manifest(digest).await?;
        let manifest: Manifest = serde_json::from_slice(&stored.content)
            .map_err(|_| ImageError::damaged("the image's manifest"))?;
        for blob in manifest.layers.iter().chain([&manifest.config]) {
            let (store, wanted) = (self.store.clone(), blob.clone());
            let file = blocking(DOING, move || store.verified(&wanted)).await?;
            backend
                .put_blob(repository, blob, BlobSource::File(file))
                .await?;
        }
        Ok(Document {
            descriptor: stored.descriptor,
            content: stored.content.to_vec(),
        })
    }

    async fn manifest(&self, digest: Digest) -> Result<Stored> {
        let store = self.store.clone();
        let reference = Reference::Digest(digest);
        let found = blocking(DOING, move || store.manifest(&reference)).await?;
        found.ok_or_else(|| ImageError::not_found(format!("image {digest} in the layout")))
    }

    async fn referrers(&self, image: Digest) -> Result<Vec<Descriptor>> {
        let store = self.store.clone();
        blocking(DOING, move || store.referrers_of(image)).await
    }
}

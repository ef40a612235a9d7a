//! Referrers in a registry: its own list, or the tag `sha256-<hex>` where it keeps none.

use oci_client::Reference as Address;
use oci_client::manifest::ImageIndexEntry;

use super::RemoteRegistry;
use super::failure::{failed, is_unsupported};
use crate::build::Document;
use crate::oci::{Index, media_type};
use crate::{Descriptor, Digest, ImageError, ImageRepository, Reference, Result};

const ATTEMPTS: usize = 5;

impl RemoteRegistry {
    pub(super) async fn list_referrers(
        &self,
        repository: &ImageRepository,
        subject: Digest,
    ) -> Result<Vec<Descriptor>> {
        let address = self.address(repository, &Reference::Digest(subject)).await;
        let native = match self.client.pull_referrers(&address, None).await {
            Ok(index) => index.manifests,
            Err(error) if is_unsupported(&error) => Vec::new(),
            Err(error) => return Err(failed("reading referrers", error)),
        };
        if native.is_empty() {
            // The client takes some errors for an empty list; reading the tag tells them apart.
            return Ok(self.referrers_tag(repository, subject).await?.manifests);
        }
        Ok(native.into_iter().filter_map(ours).collect())
    }

    fn referrers_address(&self, repository: &ImageRepository, subject: Digest) -> Address {
        Address::with_tag(
            self.config.registry.clone(),
            self.path(repository),
            referrers_tag(subject),
        )
    }

    async fn referrers_tag(&self, repository: &ImageRepository, subject: Digest) -> Result<Index> {
        let address = self.referrers_address(repository, subject);
        match self.fetch(&address).await? {
            Some(stored) => serde_json::from_slice(&stored.content)
                .map_err(|_| ImageError::damaged("the list of referrers")),
            None => Ok(Index::of(Vec::new())),
        }
    }

    /// Sees to it that the registry lists a document that it just took. A registry that keeps the
    /// list itself has it by now; for others the specification has the client write the tag.
    pub(super) async fn note_referrer(
        &self,
        repository: &ImageRepository,
        subject: Digest,
        document: &Descriptor,
    ) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let known = self.list_referrers(repository, subject).await?;
            if known.iter().any(|one| one.digest == document.digest) {
                return Ok(());
            }
            let mut index = self.referrers_tag(repository, subject).await?;
            index.manifests.retain(|one| one.digest != document.digest);
            index.manifests.push(document.clone());
            let index = Document::of(media_type::INDEX, &index)?;
            self.send(repository, &index, &referrers_tag(subject))
                .await?;
            // Another process may write the same tag at the same time: look again.
        }
        Err(ImageError::Unreachable {
            doing: "listing a referrer",
            source: "the list of referrers keeps changing".into(),
        })
    }
}

fn referrers_tag(subject: Digest) -> String {
    format!("sha256-{}", subject.hex())
}

fn ours(entry: ImageIndexEntry) -> Option<Descriptor> {
    let size = u64::try_from(entry.size).ok()?;
    let digest = entry.digest.parse().ok()?;
    let mut descriptor = Descriptor::new(&entry.media_type, digest, size);
    descriptor.artifact_type = entry.artifact_type;
    descriptor.annotations = entry.annotations.unwrap_or_default();
    Some(descriptor)
}

//! Single requests to a registry, each tried again when the registry asks for it.

use bytes::Bytes;
use futures::StreamExt;
use http::HeaderValue;
use oci_client::Reference as Address;
use oci_client::manifest::OciDescriptor;
use tokio_util::io::ReaderStream;

use super::RemoteRegistry;
use super::failure::{failed, is_absent};
use super::retry::retrying;
use crate::backend::{BlobSource, Stored};
use crate::build::Document;
use crate::error::DoingIo;
use crate::layout::manifest_type;
use crate::oci::media_type;
use crate::{Descriptor, Digest, ImageError, ImageRepository, Reference, Result};

const MANIFESTS: &[&str] = &[
    media_type::MANIFEST,
    media_type::INDEX,
    media_type::DOCKER_MANIFEST,
    media_type::DOCKER_LIST,
];
const CHUNK: usize = 4 << 20;

impl RemoteRegistry {
    pub(super) async fn has_blob(
        &self,
        repository: &ImageRepository,
        blob: &Descriptor,
    ) -> Result<bool> {
        let address = self
            .address(repository, &Reference::Digest(blob.digest))
            .await;
        let digest = blob.digest.to_string();
        retrying(|| async {
            let found = self.client.blob_exists(&address, &digest).await;
            found.map_err(|error| failed("looking for a blob", error))
        })
        .await
    }

    pub(super) async fn upload(
        &self,
        repository: &ImageRepository,
        blob: &Descriptor,
        source: &BlobSource,
    ) -> Result<()> {
        const DOING: &str = "storing a blob";
        let address = self
            .address(repository, &Reference::Digest(blob.digest))
            .await;
        let digest = blob.digest.to_string();
        let sent = match source {
            BlobSource::Bytes(content) => {
                let content = content.clone();
                self.client.push_blob(&address, content, &digest).await
            }
            BlobSource::File(path) => {
                let file = tokio::fs::File::open(path).await.doing_io(DOING)?;
                let pieces =
                    ReaderStream::with_capacity(file, CHUNK).map(|piece| piece.map_err(Into::into));
                self.client
                    .push_blob_stream(&address, pieces, &digest, Some(blob.size))
                    .await
            }
        };
        sent.map_err(|error| failed(DOING, error))?;
        Ok(())
    }

    pub(super) async fn mount_or_copy(
        &self,
        from: &ImageRepository,
        to: &ImageRepository,
        blob: &Descriptor,
    ) -> Result<()> {
        const DOING: &str = "copying a layer of the base image";
        let reference = Reference::Digest(blob.digest);
        let source = self.address(from, &reference).await;
        let target = self.address(to, &reference).await;
        let digest = blob.digest.to_string();
        let mounted = self.client.mount_blob(&target, &source, &digest).await;
        if mounted.is_ok() {
            return Ok(());
        }
        // The registry does not mount across repositories: fetch and send. The stream verifies.
        let layer = OciDescriptor {
            digest: digest.clone(),
            ..OciDescriptor::default()
        };
        let pieces = self
            .client
            .pull_blob_stream(&source, &layer)
            .await
            .map_err(|error| failed(DOING, error))?
            .map(|piece| piece.map_err(Into::into));
        self.client
            .push_blob_stream(&target, pieces, &digest, Some(blob.size))
            .await
            .map_err(|error| failed(DOING, error))?;
        Ok(())
    }

    /// Sends a manifest under a tag or, with its digest as reference, under no tag.
    pub(super) async fn send(
        &self,
        repository: &ImageRepository,
        manifest: &Document,
        reference: &str,
    ) -> Result<()> {
        let any = Reference::Digest(manifest.descriptor.digest);
        let repository = self.address(repository, &any).await;
        // The client takes a manifest's name from the tag alone when a registry does not tell it.
        let address = Address::with_tag(
            repository.registry().to_owned(),
            repository.repository().to_owned(),
            reference.to_owned(),
        );
        let kind = HeaderValue::from_str(&manifest.descriptor.media_type)
            .map_err(|_| ImageError::damaged("the manifest's media type"))?;
        retrying(|| async {
            let sent =
                self.client
                    .push_manifest_raw(&address, manifest.content.clone(), kind.clone());
            sent.await
                .map_err(|error| failed("storing a manifest", error))
        })
        .await?;
        Ok(())
    }

    pub(super) async fn fetch(&self, address: &Address) -> Result<Option<Stored>> {
        retrying(|| self.fetch_once(address)).await
    }

    pub(super) async fn fetch_once(&self, address: &Address) -> Result<Option<Stored>> {
        let answer = self
            .client
            .pull_manifest_raw(address, &self.auth, MANIFESTS)
            .await;
        let (content, _) = match answer {
            Ok(found) => found,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(failed("reading a manifest", error)),
        };
        let max = self.limits.max_index_bytes;
        if content.len() as u64 > max {
            return Err(ImageError::too_large("the manifest in bytes", max));
        }
        let digest = Digest::of(&content);
        if address
            .digest()
            .is_some_and(|asked| asked != digest.to_string())
        {
            return Err(ImageError::damaged("the manifest"));
        }
        let media_type =
            manifest_type(&content).ok_or_else(|| ImageError::damaged("the manifest"))?;
        Ok(Some(Stored {
            descriptor: Descriptor::new(&media_type, digest, content.len() as u64),
            content,
        }))
    }

    pub(super) async fn download(
        &self,
        repository: &ImageRepository,
        blob: &Descriptor,
        max: u64,
    ) -> Result<Bytes> {
        let what = || format!("blob {}", blob.digest);
        let address = self
            .address(repository, &Reference::Digest(blob.digest))
            .await;
        let digest = blob.digest.to_string();
        let layer = OciDescriptor {
            digest,
            ..OciDescriptor::default()
        };
        let mut pieces = match self.client.pull_blob_stream(&address, &layer).await {
            Ok(pieces) => pieces,
            Err(error) if is_absent(&error) => return Err(ImageError::not_found(what())),
            Err(error) => return Err(failed("reading a blob", error)),
        };
        let mut content = Vec::new();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| failed("reading a blob", error.into()))?;
            if (content.len() + piece.len()) as u64 > max {
                return Err(ImageError::too_large(format!("{} in bytes", what()), max));
            }
            content.extend_from_slice(&piece);
        }
        if Digest::of(&content) != blob.digest {
            return Err(ImageError::Damaged { what: what() });
        }
        Ok(Bytes::from(content))
    }
}

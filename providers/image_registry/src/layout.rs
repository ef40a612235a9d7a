//! Images as OCI image layouts on disk, one folder per repository.
//!
//! `<root>/<tenant>/<project>/<name>/` holds `oci-layout`, `index.json` and `blobs/sha256/`. Blobs
//! are written before the index names them, and the index is replaced as a whole under a lock that
//! also holds between processes; a crash leaves at most blobs that nothing names.

mod blobs;
mod index;
mod store;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;

use crate::backend::{Backend, BlobSource, Stored};
use crate::build::Document;
use crate::error::{DoingIo, blocking};
use crate::{
    Descriptor, Digest, ImageError, ImageRepository, Limits, Reference, Result, TagRequest,
};
pub(crate) use store::{Store, manifest_type};

/// Host part of references to images that only stand on this disk.
pub const DEFAULT_AUTHORITY: &str = "sluice.local";

const STAGING: &str = ".staging";
const LEFT_OVER: Duration = Duration::from_secs(24 * 3_600);

/// Keeps images below one root folder.
#[derive(Debug, Clone)]
pub struct LayoutRegistry {
    root: PathBuf,
    staging: PathBuf,
    authority: String,
    limits: Limits,
}

impl LayoutRegistry {
    /// Opens `root`, makes it when it is missing, and removes what crashed builds left behind a
    /// day ago. `authority` is the host part of references, for example [`DEFAULT_AUTHORITY`].
    ///
    /// # Errors
    /// [`ImageError::InvalidConfig`] for an authority that is no host; [`ImageError::Io`].
    pub fn open(root: impl Into<PathBuf>, authority: &str, limits: Limits) -> Result<Self> {
        if !crate::remote::is_host(authority) {
            return Err(ImageError::InvalidConfig {
                field: "authority",
                rule: "it must be a host name, with a port or without",
            });
        }
        let root = root.into();
        let staging = root.join(STAGING);
        std::fs::create_dir_all(&staging).doing_io("opening the image store")?;
        sweep(&staging);
        Ok(Self {
            root,
            staging,
            authority: authority.to_owned(),
            limits,
        })
    }

    /// The folder of a repository, which other tools read as `oci:<folder>:<tag>`. It is there
    /// once the repository holds something.
    #[must_use]
    pub fn folder(&self, repository: &ImageRepository) -> PathBuf {
        self.root
            .join(repository.tenant.as_str())
            .join(repository.project.as_str())
            .join(repository.folder())
    }

    fn store(&self, repository: &ImageRepository) -> Store {
        Store::new(self.folder(repository), &self.root, self.limits.clone())
    }
}

/// Removes old temporary files; what cannot be removed now is left to the next start.
fn sweep(staging: &Path) {
    let Ok(entries) = std::fs::read_dir(staging) else {
        return;
    };
    for entry in entries.flatten() {
        let age = entry
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok()
            .and_then(|modified| SystemTime::now().duration_since(modified).ok());
        if age.is_some_and(|age| age > LEFT_OVER) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[async_trait]
impl Backend for LayoutRegistry {
    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn staging(&self) -> &Path {
        &self.staging
    }

    fn name_of(&self, repository: &ImageRepository) -> String {
        format!("{}/{repository}", self.authority)
    }

    fn layout_of(&self, repository: &ImageRepository) -> Option<PathBuf> {
        Some(self.folder(repository))
    }

    async fn put_blob(
        &self,
        repository: &ImageRepository,
        blob: &Descriptor,
        source: BlobSource,
    ) -> Result<()> {
        let (store, blob, staging) = (self.store(repository), blob.clone(), self.staging.clone());
        blocking("storing a blob", move || {
            store.prepare(&staging)?;
            store.put_blob(&blob, &source, &staging)
        })
        .await
    }

    async fn share_blob(
        &self,
        from: &ImageRepository,
        to: &ImageRepository,
        blob: &Descriptor,
    ) -> Result<()> {
        let (from, to) = (self.store(from), self.store(to));
        let (blob, staging) = (blob.clone(), self.staging.clone());
        blocking("copying a layer of the base image", move || {
            to.prepare(&staging)?;
            to.share_blob(&from, &blob, &staging)
        })
        .await
    }

    async fn blob(
        &self,
        repository: &ImageRepository,
        blob: &Descriptor,
        max: u64,
    ) -> Result<Bytes> {
        let (store, blob) = (self.store(repository), blob.clone());
        blocking("reading a blob", move || {
            let content = store.read_blob(blob.digest, max)?;
            content.ok_or_else(|| ImageError::not_found(format!("blob {}", blob.digest)))
        })
        .await
    }

    async fn manifest(
        &self,
        repository: &ImageRepository,
        reference: &Reference,
    ) -> Result<Option<Stored>> {
        let (store, reference) = (self.store(repository), reference.clone());
        blocking("reading a manifest", move || store.manifest(&reference)).await
    }

    async fn put_manifest(
        &self,
        repository: &ImageRepository,
        manifest: &Document,
        tags: &[TagRequest],
    ) -> Result<bool> {
        let (store, manifest) = (self.store(repository), manifest.clone());
        let (tags, staging) = (tags.to_vec(), self.staging.clone());
        blocking("storing a manifest", move || {
            store.prepare(&staging)?;
            store.put_document(&manifest, &staging)?;
            store.change_index(&staging, |index| {
                index::point(index, &manifest.descriptor, &tags)
            })
        })
        .await
    }

    async fn put_referrer(
        &self,
        repository: &ImageRepository,
        subject: Digest,
        manifest: &Document,
    ) -> Result<()> {
        let (store, manifest) = (self.store(repository), manifest.clone());
        let staging = self.staging.clone();
        blocking("attaching a document", move || {
            store.prepare(&staging)?;
            store.put_document(&manifest, &staging)?;
            store.change_index(&staging, |index| {
                Ok(index::refer(index, subject, &manifest.descriptor))
            })?;
            Ok(())
        })
        .await
    }

    async fn referrers_of(
        &self,
        repository: &ImageRepository,
        subject: Digest,
    ) -> Result<Vec<Descriptor>> {
        let store = self.store(repository);
        blocking("reading referrers", move || store.referrers_of(subject)).await
    }
}

//! What differs between registries. The port is written once, on top of this.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;

use crate::build::Document;
use crate::{Descriptor, Digest, ImageRepository, Limits, Reference, Result, TagRequest};

/// Content for a blob.
#[derive(Debug, Clone)]
pub enum BlobSource {
    /// In memory.
    Bytes(Bytes),
    /// A temporary file in the staging folder; the caller removes it.
    File(PathBuf),
}

/// A manifest as stored, verified against the digest it was asked by.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its descriptor; the media type is the one it states itself.
    pub descriptor: Descriptor,
    /// Its bytes.
    pub content: Bytes,
}

/// A place for blobs, manifests and tags.
#[async_trait]
pub trait Backend: Send + Sync {
    /// The limits that hold here.
    fn limits(&self) -> &Limits;

    /// A folder for temporary files.
    fn staging(&self) -> &Path;

    /// `host/path` of a repository.
    fn name_of(&self, repository: &ImageRepository) -> String;

    /// The folder where the repository stands as an OCI image layout, when it does.
    fn layout_of(&self, repository: &ImageRepository) -> Option<PathBuf> {
        let _ = repository;
        None
    }

    /// Stores a blob unless it is there.
    async fn put_blob(
        &self,
        repository: &ImageRepository,
        blob: &Descriptor,
        source: BlobSource,
    ) -> Result<()>;

    /// Makes a blob of one repository one of another, too.
    async fn share_blob(
        &self,
        from: &ImageRepository,
        to: &ImageRepository,
        blob: &Descriptor,
    ) -> Result<()>;

    /// A whole blob, verified, at most `max` bytes.
    async fn blob(
        &self,
        repository: &ImageRepository,
        blob: &Descriptor,
        max: u64,
    ) -> Result<Bytes>;

    /// A manifest or index, `None` when there is none.
    async fn manifest(
        &self,
        repository: &ImageRepository,
        reference: &Reference,
    ) -> Result<Option<Stored>>;

    /// Stores a manifest, whose blobs are there, and points tags at it: all of them or, when a
    /// fixed one names another image, none. Returns whether anything changed.
    async fn put_manifest(
        &self,
        repository: &ImageRepository,
        manifest: &Document,
        tags: &[TagRequest],
    ) -> Result<bool>;

    /// Stores the manifest of a document, and lists it among the referrers of its subject.
    async fn put_referrer(
        &self,
        repository: &ImageRepository,
        subject: Digest,
        manifest: &Document,
    ) -> Result<()>;

    /// Descriptors of all referrers of `subject`.
    async fn referrers_of(
        &self,
        repository: &ImageRepository,
        subject: Digest,
    ) -> Result<Vec<Descriptor>>;
}

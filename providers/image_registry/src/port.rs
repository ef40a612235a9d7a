//! The port: what the delivery chain asks of an image registry.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::{
    Descriptor, Digest, FileFact, ImageRepository, ImageSpec, Platform, Reference, Result, Tag,
};

/// Whether a tag may point at another image later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagRule {
    /// Once set, the tag stays: a version.
    Fixed,
    /// The tag follows the last image that asked for it: `latest`.
    Moving,
}

/// A tag for the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRequest {
    /// The tag.
    pub tag: Tag,
    /// Whether it may be taken from another image.
    pub rule: TagRule,
}

impl TagRequest {
    /// A tag that stays.
    #[must_use]
    pub fn fixed(tag: Tag) -> Self {
        Self {
            tag,
            rule: TagRule::Fixed,
        }
    }

    /// A tag that moves.
    #[must_use]
    pub fn moving(tag: Tag) -> Self {
        Self {
            tag,
            rule: TagRule::Moving,
        }
    }
}

/// An image that stands in the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// Digest of its manifest: what names it for good.
    pub digest: Digest,
    /// Digest of its configuration.
    pub config_digest: Digest,
    /// Digests of its layers as stored, the lowest first.
    pub layers: Vec<Digest>,
    /// Bytes of manifest, configuration and layers, as stored.
    pub size: u64,
    /// `host/path@sha256:…`, as a deployment names it.
    pub reference: String,
    /// Whether the image and all its tags stood there before.
    pub replayed: bool,
    /// The files that were added, by path, for a bill of materials.
    pub files: Vec<FileFact>,
}

/// A document about an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What it is, as a media type.
    pub artifact_type: String,
    /// Media type of its bytes.
    pub media_type: String,
    /// The document.
    pub content: Bytes,
    /// Notes on it; equal notes and content make the same attachment.
    pub annotations: BTreeMap<String, String>,
}

/// One layer of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerInfo {
    /// Digest as stored.
    pub digest: Digest,
    /// Bytes as stored.
    pub size: u64,
    /// Media type.
    pub media_type: String,
}

/// What an image says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageInfo {
    /// Digest of its manifest.
    pub digest: Digest,
    /// Digest of its configuration.
    pub config_digest: Digest,
    /// Bytes of manifest, configuration and layers, as stored.
    pub size: u64,
    /// `host/path@sha256:…`.
    pub reference: String,
    /// When its content was made.
    pub created: Option<DateTime<Utc>>,
    /// Operating system and processor.
    pub platform: Platform,
    /// Layers, the lowest first.
    pub layers: Vec<LayerInfo>,
    /// The program and its first arguments.
    pub entrypoint: Vec<String>,
    /// Default arguments.
    pub cmd: Vec<String>,
    /// Folder in which the program starts.
    pub working_dir: String,
    /// User that the program runs as; empty for the superuser.
    pub user: String,
    /// Variables as `NAME=value`.
    pub env: Vec<String>,
    /// Ports as `8080/tcp`.
    pub exposed_ports: Vec<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the manifest.
    pub annotations: BTreeMap<String, String>,
}

/// A registry for images. Every method may be called again and at once.
#[async_trait]
pub trait ImageRegistry: Send + Sync {
    /// `host/path` of the repository: what stands before `@` or `:` in a deployment.
    fn repository_reference(&self, repository: &ImageRepository) -> String;

    /// The folder where the repository stands as an OCI image layout, when it does.
    fn layout(&self, repository: &ImageRepository) -> Option<PathBuf>;

    /// Builds the image and stores it under its digest and `tags`.
    ///
    /// Nothing is stored under any tag when one of them is refused. The same spec again finds the
    /// image of the first time.
    ///
    /// # Errors
    /// `InvalidSpec`, `SourceFile`, `TooLarge`: the spec; `NotFound`, `BaseUnusable`: its base;
    /// `TagTaken`: a fixed tag names another image; `Unauthorized`, `Unreachable`, `Registry`, `Io`.
    async fn build_and_push(
        &self,
        repository: &ImageRepository,
        spec: ImageSpec,
        tags: &[TagRequest],
    ) -> Result<Built>;

    /// Points `tags` at an image that is there. Returns whether any of them moved.
    ///
    /// # Errors
    /// `NotFound`, `TagTaken`, `TooLarge` for too many tags, and those of the registry.
    async fn tag(
        &self,
        repository: &ImageRepository,
        image: Digest,
        tags: &[TagRequest],
    ) -> Result<bool>;

    /// Stores an image of an OCI image layout, with everything attached to it, and points `tags`
    /// at it. Returns whether anything changed.
    ///
    /// # Errors
    /// `NotFound` when the layout does not hold it, `Damaged`, `TagTaken`, those of the registry.
    async fn import(
        &self,
        repository: &ImageRepository,
        layout: &Path,
        image: Digest,
        tags: &[TagRequest],
    ) -> Result<bool>;

    /// The digest that a reference names now, be it an image or an index of several.
    ///
    /// # Errors
    /// `NotFound`, and those of the registry.
    async fn resolve(&self, repository: &ImageRepository, reference: &Reference) -> Result<Digest>;

    /// What the image says about itself; its manifest and configuration are verified.
    ///
    /// # Errors
    /// `NotFound`, `Damaged`, and those of the registry.
    async fn inspect(
        &self,
        repository: &ImageRepository,
        reference: &Reference,
    ) -> Result<ImageInfo>;

    /// Stores a document as referrer of an image and returns the descriptor of its manifest.
    /// The same document again is answered the same.
    ///
    /// # Errors
    /// `NotFound` when the image is not there; `TooLarge`, `InvalidSpec`, those of the registry.
    async fn attach(
        &self,
        repository: &ImageRepository,
        image: Digest,
        attachment: &Attachment,
    ) -> Result<Descriptor>;

    /// Descriptors of the documents that are attached to an image, of one type or all, by digest.
    ///
    /// # Errors
    /// Those of the registry. An image that is not there has none.
    async fn referrers(
        &self,
        repository: &ImageRepository,
        image: Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>>;

    /// An attached document, verified, by the digest that [`attach`](Self::attach) returned.
    ///
    /// # Errors
    /// `NotFound`, `Damaged`, `TooLarge`, and those of the registry.
    async fn attachment(&self, repository: &ImageRepository, digest: Digest) -> Result<Attachment>;
}

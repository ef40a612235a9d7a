//! The blob store port: immutable objects by key.
//!
//! A key is written once. Writing the same content again is fine, so that work repeated after a
//! crash ends well; writing other content is [`BlobError::Conflict`]. Nothing is ever changed in
//! place, so every store that can create an object exclusively will do: a disk, Azure, S3.

mod key;
mod object;

use std::ops::Range;
use std::path::Path;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use key::{BlobKey, InvalidKey};
pub use object::ObjectBlobStore;

/// A stored blob: where it is and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlobRef {
    /// Its key.
    pub key: BlobKey,
    /// `sha256:` and 64 lower-case hex digits of the content.
    pub sha256: String,
    /// Size in bytes.
    pub size: u64,
}

/// One entry of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobEntry {
    /// Its key.
    pub key: BlobKey,
    /// Size in bytes.
    pub size: u64,
}

/// What can go wrong with a blob.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// The key breaks a rule.
    #[error(transparent)]
    InvalidKey(#[from] InvalidKey),
    /// Nothing is stored under the key.
    #[error("no blob {key}")]
    NotFound {
        /// The key asked for.
        key: BlobKey,
    },
    /// The key already holds other content.
    #[error("blob {key} already holds other content")]
    Conflict {
        /// The key.
        key: BlobKey,
    },
    /// The blob is larger than the caller takes.
    #[error("blob {key} has {size} bytes, more than the {max} asked for")]
    TooLarge {
        /// The key.
        key: BlobKey,
        /// Its size in bytes.
        size: u64,
        /// The caller's limit in bytes.
        max: u64,
    },
    /// A range that is empty, reversed or starts past the end.
    #[error("range {start}..{end} is not within blob {key}")]
    InvalidRange {
        /// The key.
        key: BlobKey,
        /// First byte asked for.
        start: u64,
        /// One past the last byte asked for.
        end: u64,
    },
    /// The local file to upload could not be read.
    #[error("file {path} could not be read: {source}")]
    File {
        /// The path.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The store failed; trying again may help.
    #[error("blob store: {0}")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The content of a blob, piece by piece.
pub type BlobStream = BoxStream<'static, Result<Bytes, BlobError>>;

/// Immutable objects by key. All methods are safe to call at once and again.
#[async_trait]
pub trait BlobStore: Send + Sync {
    /// Stores `content` under `key`; the same content again is answered the same.
    ///
    /// # Errors
    /// [`BlobError::Conflict`] when the key holds other content; [`BlobError::Store`].
    async fn put_once(&self, key: &BlobKey, content: Bytes) -> Result<BlobRef, BlobError>;

    /// Stores a local file under `key` without reading it into memory at once. The blob appears
    /// whole or not at all.
    ///
    /// # Errors
    /// [`BlobError::File`], [`BlobError::Conflict`], [`BlobError::Store`].
    async fn put_file(&self, key: &BlobKey, path: &Path) -> Result<BlobRef, BlobError>;

    /// The whole content, at most `max` bytes.
    ///
    /// # Errors
    /// [`BlobError::NotFound`], [`BlobError::TooLarge`], [`BlobError::Store`].
    async fn get(&self, key: &BlobKey, max: u64) -> Result<Bytes, BlobError>;

    /// The bytes of `range`, which is cut at the end of the blob.
    ///
    /// # Errors
    /// [`BlobError::NotFound`], [`BlobError::InvalidRange`], [`BlobError::Store`].
    async fn get_range(&self, key: &BlobKey, range: Range<u64>) -> Result<Bytes, BlobError>;

    /// The content as a stream, with its size in bytes.
    ///
    /// # Errors
    /// [`BlobError::NotFound`], [`BlobError::Store`]; the stream itself may end in either.
    async fn stream(&self, key: &BlobKey) -> Result<(u64, BlobStream), BlobError>;

    /// Whether something is stored under `key`.
    ///
    /// # Errors
    /// [`BlobError::Store`].
    async fn exists(&self, key: &BlobKey) -> Result<bool, BlobError>;

    /// Blobs under `prefix` (whole segments), by key, those after `after` only.
    ///
    /// # Errors
    /// [`BlobError::Store`].
    async fn list(
        &self,
        prefix: &BlobKey,
        after: Option<&BlobKey>,
    ) -> Result<Vec<BlobEntry>, BlobError>;
}

/// `sha256:` and the hex digest of `content`.
#[must_use]
pub fn sha256(content: &[u8]) -> String {
    digest_text(&Sha256::digest(content))
}

fn digest_text(digest: &[u8]) -> String {
    format!("sha256:{}", hex::encode(digest))
}

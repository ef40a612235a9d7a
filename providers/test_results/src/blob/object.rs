//! The blob store over `object_store`.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{
    Error as StoreError, GetOptions, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode,
    PutOptions,
};
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;

use super::{BlobEntry, BlobError, BlobKey, BlobRef, BlobStore, BlobStream, digest_text, sha256};

/// Part size of an upload. Cloud stores want at least 5 MiB.
const PART: usize = 8 * 1024 * 1024;

/// Uploads wait here for their last byte. No key can name it, as no segment starts with a dot.
const STAGING: &str = ".staging";

/// A [`BlobStore`] in anything `object_store` speaks to. Clones share the store.
#[derive(Debug, Clone)]
pub struct ObjectBlobStore {
    store: Arc<dyn ObjectStore>,
}

impl ObjectBlobStore {
    /// Over a ready-made store, which must be able to create and to copy exclusively.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store }
    }

    /// In a folder on this machine, which is made when it does not exist. Uploads that a crash
    /// left half done are removed, so open a folder from one process only.
    ///
    /// # Errors
    /// [`BlobError::File`] when the folder cannot be made or read.
    pub fn local(folder: &Path) -> Result<Self, BlobError> {
        let file = |source| BlobError::File {
            path: folder.display().to_string(),
            source,
        };
        std::fs::create_dir_all(folder).map_err(file)?;
        match std::fs::remove_dir_all(folder.join(STAGING)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(file(error)),
            _ => {}
        }
        let store = LocalFileSystem::new_with_prefix(folder).map_err(store_error)?;
        Ok(Self::new(Arc::new(store.with_fsync(true))))
    }

    /// Answers a write to a key that is taken: the same content is a success.
    async fn settle(&self, written: BlobRef) -> Result<BlobRef, BlobError> {
        let (size, mut stream) = self.stream(&written.key).await?;
        let mut same = size == written.size;
        let mut hasher = Sha256::new();
        while let (true, Some(part)) = (same, stream.next().await) {
            hasher.update(&part?);
        }
        same &= digest_text(&hasher.finalize()) == written.sha256;
        if same {
            Ok(written)
        } else {
            Err(BlobError::Conflict { key: written.key })
        }
    }

    async fn upload(
        &self,
        upload: &mut dyn MultipartUpload,
        path: &Path,
    ) -> Result<(String, u64), BlobError> {
        let file_error = |source| BlobError::File {
            path: path.display().to_string(),
            source,
        };
        let mut file = tokio::fs::File::open(path).await.map_err(file_error)?;
        let mut hasher = Sha256::new();
        let mut size = 0;
        loop {
            let mut part = BytesMut::with_capacity(PART);
            while part.len() < PART && file.read_buf(&mut part).await.map_err(file_error)? > 0 {}
            if part.is_empty() && size > 0 {
                break;
            }
            let last = part.len() < PART;
            hasher.update(&part);
            size += part.len() as u64;
            upload
                .put_part(part.freeze().into())
                .await
                .map_err(store_error)?;
            if last {
                break;
            }
        }
        upload.complete().await.map_err(store_error)?;
        Ok((digest_text(&hasher.finalize()), size))
    }
}

#[async_trait]
impl BlobStore for ObjectBlobStore {
    async fn put_once(&self, key: &BlobKey, content: Bytes) -> Result<BlobRef, BlobError> {
        let written = BlobRef {
            key: key.clone(),
            sha256: sha256(&content),
            size: content.len() as u64,
        };
        let options = PutOptions {
            mode: PutMode::Create,
            ..PutOptions::default()
        };
        match self
            .store
            .put_opts(&object_path(key), content.into(), options)
            .await
        {
            Ok(_) => Ok(written),
            Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => {
                self.settle(written).await
            }
            Err(error) => Err(store_error(error)),
        }
    }

    async fn put_file(&self, key: &BlobKey, path: &Path) -> Result<BlobRef, BlobError> {
        let staging = ObjectPath::from_iter([STAGING, &uuid::Uuid::new_v4().to_string()]);
        let mut upload = self
            .store
            .put_multipart(&staging)
            .await
            .map_err(store_error)?;
        let (sha256, size) = match self.upload(upload.as_mut(), path).await {
            Ok(done) => done,
            Err(error) => {
                // Best effort: what stays is swept when the store is opened again.
                let _ = upload.abort().await;
                return Err(error);
            }
        };
        let written = BlobRef {
            key: key.clone(),
            sha256,
            size,
        };
        let moved = self
            .store
            .copy_if_not_exists(&staging, &object_path(key))
            .await;
        let _ = self.store.delete(&staging).await;
        match moved {
            Ok(()) => Ok(written),
            Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => {
                self.settle(written).await
            }
            Err(error) => Err(store_error(error)),
        }
    }

    async fn get(&self, key: &BlobKey, max: u64) -> Result<Bytes, BlobError> {
        let found = self
            .store
            .get(&object_path(key))
            .await
            .map_err(|e| read_error(key, e))?;
        let size = found.meta.size;
        if size > max {
            return Err(BlobError::TooLarge {
                key: key.clone(),
                size,
                max,
            });
        }
        found.bytes().await.map_err(|e| read_error(key, e))
    }

    async fn get_range(&self, key: &BlobKey, range: Range<u64>) -> Result<Bytes, BlobError> {
        let invalid = || BlobError::InvalidRange {
            key: key.clone(),
            start: range.start,
            end: range.end,
        };
        let path = object_path(key);
        let size = self
            .store
            .head(&path)
            .await
            .map_err(|e| read_error(key, e))?
            .size;
        if range.start >= range.end || range.start >= size {
            return Err(invalid());
        }
        let range = range.start..range.end.min(size);
        self.store
            .get_range(&path, range)
            .await
            .map_err(|e| read_error(key, e))
    }

    async fn stream(&self, key: &BlobKey) -> Result<(u64, BlobStream), BlobError> {
        let path = object_path(key);
        let found = self.store.get_opts(&path, GetOptions::default()).await;
        let found = found.map_err(|e| read_error(key, e))?;
        let size = found.meta.size;
        let key = key.clone();
        let stream = found
            .into_stream()
            .map_err(move |error| read_error(&key, error));
        Ok((size, stream.boxed()))
    }

    async fn exists(&self, key: &BlobKey) -> Result<bool, BlobError> {
        match self.store.head(&object_path(key)).await {
            Ok(_) => Ok(true),
            Err(StoreError::NotFound { .. }) => Ok(false),
            Err(error) => Err(store_error(error)),
        }
    }

    async fn list(
        &self,
        prefix: &BlobKey,
        after: Option<&BlobKey>,
    ) -> Result<Vec<BlobEntry>, BlobError> {
        let prefix = object_path(prefix);
        let found = match after {
            Some(after) => self
                .store
                .list_with_offset(Some(&prefix), &object_path(after)),
            None => self.store.list(Some(&prefix)),
        };
        let mut entries: Vec<BlobEntry> = found
            .map_err(store_error)
            .try_filter_map(|meta| async move {
                // What no key can name was not written here.
                let key = BlobKey::new(meta.location.as_ref()).ok();
                Ok(key.map(|key| BlobEntry {
                    key,
                    size: meta.size,
                }))
            })
            .try_collect()
            .await?;
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }
}

fn object_path(key: &BlobKey) -> ObjectPath {
    ObjectPath::from(key.as_str())
}

fn store_error(error: StoreError) -> BlobError {
    BlobError::Store(Box::new(error))
}

fn read_error(key: &BlobKey, error: StoreError) -> BlobError {
    match error {
        StoreError::NotFound { .. } => BlobError::NotFound { key: key.clone() },
        other => store_error(other),
    }
}

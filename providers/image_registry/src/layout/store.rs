//! One layout folder. All calls block.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::Deserialize;

use super::{blobs, index};
use crate::backend::{BlobSource, Stored};
use crate::build::Document;
use crate::error::DoingIo;
use crate::oci::{Index, Manifest, media_type};
use crate::{Descriptor, Digest, ImageError, Limits, Reference, Result};

/// One repository's layout.
#[derive(Debug)]
pub(crate) struct Store {
    folder: PathBuf,
    root: PathBuf,
    limits: Limits,
}

const MARKER: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;
const PREPARING: &str = "preparing the image layout";

impl Store {
    pub(crate) fn new(folder: PathBuf, root: &Path, limits: Limits) -> Self {
        Self {
            folder,
            root: root.to_owned(),
            limits,
        }
    }

    fn blob_path(&self, digest: Digest) -> PathBuf {
        self.folder.join("blobs").join("sha256").join(digest.hex())
    }

    /// Makes the folders of the layout.
    pub(super) fn prepare(&self, staging: &Path) -> Result<()> {
        self.check()?;
        fs::create_dir_all(self.folder.join("blobs").join("sha256")).doing_io(PREPARING)?;
        self.check()?;
        let marker = self.folder.join("oci-layout");
        if !marker.exists() {
            blobs::replace(&marker, MARKER.as_bytes(), staging)?;
        }
        Ok(())
    }

    /// Refuses folders that are links: they could lead out of the root.
    fn check(&self) -> Result<()> {
        let below = self.folder.strip_prefix(&self.root).unwrap_or(&self.folder);
        let inner = [
            below.to_owned(),
            below.join("blobs"),
            below.join("blobs/sha256"),
        ];
        let outer = below.ancestors().skip(1).map(Path::to_owned);
        for folder in inner.into_iter().chain(outer) {
            let path = self.root.join(&folder);
            let is_link = path
                .symlink_metadata()
                .is_ok_and(|found| found.is_symlink());
            if is_link && !folder.as_os_str().is_empty() {
                return Err(ImageError::damaged("the image layout"));
            }
        }
        Ok(())
    }

    fn has_blob(&self, blob: &Descriptor) -> bool {
        self.blob_path(blob.digest)
            .symlink_metadata()
            .is_ok_and(|found| found.is_file() && found.len() == blob.size)
    }

    pub(super) fn put_blob(
        &self,
        blob: &Descriptor,
        source: &BlobSource,
        staging: &Path,
    ) -> Result<()> {
        if self.has_blob(blob) {
            return Ok(());
        }
        let path = self.blob_path(blob.digest);
        match source {
            BlobSource::Bytes(content) => blobs::replace(&path, content, staging),
            BlobSource::File(file) => blobs::link(file, &path, staging),
        }
    }

    pub(super) fn put_document(&self, document: &Document, staging: &Path) -> Result<()> {
        let content = Bytes::copy_from_slice(&document.content);
        self.put_blob(&document.descriptor, &BlobSource::Bytes(content), staging)
    }

    pub(super) fn share_blob(&self, from: &Self, blob: &Descriptor, staging: &Path) -> Result<()> {
        if self.has_blob(blob) {
            return Ok(());
        }
        let path = from.verified(blob)?;
        blobs::link(&path, &self.blob_path(blob.digest), staging)
    }

    /// The file of a blob, whose content was just verified.
    pub(crate) fn verified(&self, blob: &Descriptor) -> Result<PathBuf> {
        self.check()?;
        let path = self.blob_path(blob.digest);
        let what = format!("blob {}", blob.digest);
        let file = blobs::open(&path, &what)?.ok_or_else(|| ImageError::not_found(&what))?;
        if blobs::digest_of(file)? != (blob.digest, blob.size) {
            return Err(ImageError::Damaged { what });
        }
        Ok(path)
    }

    /// A verified blob.
    pub(super) fn read_blob(&self, digest: Digest, max: u64) -> Result<Option<Bytes>> {
        self.check()?;
        let what = format!("blob {digest}");
        let Some(content) = blobs::read(&self.blob_path(digest), &what, max)? else {
            return Ok(None);
        };
        if Digest::of(&content) != digest {
            return Err(ImageError::Damaged { what });
        }
        Ok(Some(Bytes::from(content)))
    }

    pub(crate) fn manifest(&self, reference: &Reference) -> Result<Option<Stored>> {
        let digest = match reference {
            Reference::Digest(digest) => *digest,
            Reference::Tag(tag) => match index::tagged(&self.index()?, tag.as_str()) {
                Some(entry) => entry.digest,
                None => return Ok(None),
            },
        };
        let max = self.limits.max_document_bytes;
        let content = match self.read_blob(digest, max) {
            // No manifest is that large; some other blob has this digest.
            Err(ImageError::TooLarge { .. }) => return Ok(None),
            other => other?,
        };
        Ok(content.and_then(|content| {
            let media_type = manifest_type(&content)?;
            let descriptor = Descriptor::new(&media_type, digest, content.len() as u64);
            Some(Stored {
                descriptor,
                content,
            })
        }))
    }

    fn index(&self) -> Result<Index> {
        self.check()?;
        let what = "the layout's index.json";
        let path = self.folder.join("index.json");
        match blobs::read(&path, what, self.limits.max_index_bytes)? {
            Some(content) => {
                serde_json::from_slice(&content).map_err(|_| ImageError::damaged(what))
            }
            None => Ok(Index::of(Vec::new())),
        }
    }

    /// Changes the index while no other process does. `change` says whether it did.
    pub(super) fn change_index(
        &self,
        staging: &Path,
        change: impl FnOnce(&mut Index) -> Result<bool>,
    ) -> Result<bool> {
        const DOING: &str = "changing the layout's index.json";
        // The system lets go of the lock when the file is closed, also by a crash.
        let lock = self.lock_file().doing_io(DOING)?;
        lock.lock().doing_io(DOING)?;
        let mut index = self.index()?;
        let changed = change(&mut index)?;
        if changed {
            let content = serde_json::to_vec(&index)
                .map_err(io::Error::other)
                .doing_io(DOING)?;
            let max = self.limits.max_index_bytes;
            if content.len() as u64 > max {
                return Err(ImageError::too_large(
                    "the repository's index in bytes",
                    max,
                ));
            }
            blobs::replace(&self.folder.join("index.json"), &content, staging)?;
        }
        Ok(changed)
    }

    /// Beside the layout's folder, which holds nothing but the layout.
    fn lock_file(&self) -> io::Result<File> {
        let name = self
            .folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        let path = self.folder.with_file_name(format!(".{name}.lock"));
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
    }

    pub(crate) fn referrers_of(&self, subject: Digest) -> Result<Vec<Descriptor>> {
        let mut found = Vec::new();
        for entry in &self.index()?.manifests {
            let (named, plain) = index::subject_of(entry);
            let about = match named {
                Some(named) => Some(named),
                // Listed by another tool, which does not note the subject.
                None if entry.artifact_type.is_some() => self.stated_subject(entry.digest)?,
                None => None,
            };
            if about == Some(subject) {
                found.push(plain);
            }
        }
        Ok(found)
    }

    fn stated_subject(&self, digest: Digest) -> Result<Option<Digest>> {
        let content = self.read_blob(digest, self.limits.max_document_bytes)?;
        let manifest = content.and_then(|c| serde_json::from_slice::<Manifest>(&c).ok());
        Ok(manifest
            .and_then(|m| m.subject)
            .map(|subject| subject.digest))
    }
}

/// The media type of a manifest or index; `None` for what is neither.
pub(crate) fn manifest_type(content: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Shape {
        schema_version: u32,
        media_type: Option<String>,
        config: Option<serde::de::IgnoredAny>,
        manifests: Option<serde::de::IgnoredAny>,
    }
    let shape: Shape = serde_json::from_slice(content).ok()?;
    let kind = match (shape.config, shape.manifests) {
        (Some(_), _) => media_type::MANIFEST,
        (None, Some(_)) => media_type::INDEX,
        (None, None) => return None,
    };
    (shape.schema_version == 2).then(|| shape.media_type.unwrap_or_else(|| kind.to_owned()))
}

//! The files of a build, from the blob store into a folder of their own.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use futures::{StreamExt, future::try_join_all};
use sha2::{Digest, Sha256};
use sluice_image_registry::{FileContent, ImageFile};
use sluice_kernel::directory::BuildView;
use sluice_schema::events::{ModuleImage, PublishedArtifact};
use sluice_test_results::blob::{BlobError, BlobKey};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use super::{ContainerImages, Result};
use crate::{
    Unbuildable,
    content::{buildable, files, is_executable},
};

/// Files that are fetched at the same time.
const AT_ONCE: usize = 4;
/// What the names of working folders begin with.
const PREFIX: &str = "image-";
const LEFT_OVER: Duration = Duration::from_secs(24 * 3_600);

/// Files on disk, gone with the folder.
pub(super) struct Fetched {
    pub(super) files: Vec<ImageFile>,
    _folder: TempDir,
}

/// Removes the folders of work that a crash broke off a day ago; what cannot be removed now is left
/// to the next start.
pub(super) fn sweep(work: &Path) {
    let Ok(entries) = std::fs::read_dir(work) else {
        return;
    };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let modified = entry.metadata().and_then(|found| found.modified());
        let age = modified.ok().and_then(|at| at.elapsed().ok());
        if ours && age.is_some_and(|age| age > LEFT_OVER) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

impl ContainerImages {
    /// Fetches the files of the image, each verified.
    pub(super) async fn fetch(&self, view: &BuildView) -> Result<Fetched> {
        let what = buildable(&view.build)?;
        let artifacts = files(&view.build, what.image, &self.settings().limits)?;
        let work = &self.settings().work_folder;
        tokio::fs::create_dir_all(work).await?;
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(work)?;
        let path = folder.path();
        let mut files = Vec::with_capacity(artifacts.len());
        for batch in artifacts.chunks(AT_ONCE) {
            let mut under_way = Vec::with_capacity(batch.len());
            for artifact in batch {
                let number = files.len() + under_way.len();
                under_way.push(self.file(what.image, artifact, path, number));
            }
            files.extend(try_join_all(under_way).await?);
        }
        Ok(Fetched {
            files,
            _folder: folder,
        })
    }

    /// One file, under a number: its own path may be anything.
    async fn file(
        &self,
        image: &ModuleImage,
        artifact: &PublishedArtifact,
        folder: &Path,
        number: usize,
    ) -> Result<ImageFile> {
        let path = folder.join(number.to_string());
        let beginning = self.download(artifact, &path).await?;
        Ok(ImageFile {
            path: artifact.path.clone(),
            executable: is_executable(&artifact.path, &beginning, image),
            content: FileContent::Path(path),
        })
    }

    /// Writes a file as the build left it and returns its first bytes. One that is gone or not
    /// what it was never becomes an image; a store that does not answer is asked again.
    async fn download(&self, artifact: &PublishedArtifact, path: &PathBuf) -> Result<Vec<u8>> {
        let gone = |what: &str| {
            Unbuildable::precondition(format!("the build's file {} {what}", artifact.path))
        };
        let key = BlobKey::new(artifact.blob.key.as_str()).map_err(|_| gone("has no valid key"))?;
        let (size, mut pieces) = match self.ports().blobs.stream(&key).await {
            Ok(found) => found,
            Err(BlobError::NotFound { .. }) => return Err(gone("is gone").into()),
            Err(error) => return Err(error.into()),
        };
        if size != artifact.blob.size {
            return Err(gone("is not what the build left").into());
        }
        let mut file = tokio::fs::File::create(path).await?;
        let mut hasher = Sha256::new();
        let mut beginning = Vec::with_capacity(4);
        while let Some(piece) = pieces.next().await {
            let piece = piece?;
            hasher.update(&piece);
            let missing = 4_usize.saturating_sub(beginning.len()).min(piece.len());
            beginning.extend_from_slice(&piece[..missing]);
            file.write_all(&piece).await?;
        }
        file.flush().await?;
        let digest = format!("sha256:{}", hex::encode(hasher.finalize()));
        if digest != artifact.blob.digest {
            return Err(gone("is not what the build left").into());
        }
        Ok(beginning)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::File, time::SystemTime};

    use super::*;

    #[test]
    fn only_what_was_left_long_ago_is_swept_away() {
        let work = TempDir::new().unwrap();
        let long_ago = SystemTime::now() - 2 * LEFT_OVER;
        for (name, old) in [("image-old", true), ("image-new", false), ("other", true)] {
            let folder = work.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            if old {
                File::open(&folder).unwrap().set_modified(long_ago).unwrap();
            }
        }
        sweep(work.path());
        let left = |name: &str| work.path().join(name).exists();
        assert!(!left("image-old"));
        assert!(left("image-new") && left("other"));
    }
}

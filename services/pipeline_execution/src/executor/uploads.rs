//! What a run published, from its work folder to the blob store.
//!
//! Blobs are named by their digest, so that storing again after a failure writes nothing new.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use futures::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};
use sluice_pipeline_runner::{ResultFormat, RunReport};
use sluice_schema::events::{BlobReference, PublishedArtifact, PublishedResult};
use sluice_test_results::blob::{BlobError, BlobKey, BlobStore, InvalidKey};

use crate::{PipelineRun, RunOutputs};

#[derive(Debug, thiserror::Error)]
pub(super) enum UploadError {
    #[error("{0}")]
    Blob(#[from] BlobError),
    #[error("{0}")]
    Key(#[from] InvalidKey),
    #[error("{path} cannot be read: {source}")]
    File { path: String, source: io::Error },
    #[error("{path} changed while it was stored")]
    Changed { path: String },
}

// Enough to hide the disk's latency.
const AT_ONCE: usize = 4;

struct Upload<'a> {
    blobs: &'a dyn BlobStore,
    folder: String,
}

/// Stores everything that the report names.
pub(super) async fn store(
    blobs: &dyn BlobStore,
    run: &PipelineRun,
    report: &RunReport,
) -> Result<RunOutputs, UploadError> {
    let folder = format!("artifacts/{}/{}", run.meta.tenant_id, run.id);
    let upload = Upload { blobs, folder };
    let results = report.test_results.iter().map(|file| Source {
        path: file.path.clone(),
        format: match file.format {
            ResultFormat::JUnit => "JUNIT",
            ResultFormat::Trx => "TRX",
        },
        name: file.name.clone(),
        title: file.run_title.clone(),
    });
    let coverage = report.coverage.iter().map(|path| Source {
        path: path.clone(),
        format: "COBERTURA",
        name: path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
        title: None,
    });
    let mut files = Vec::new();
    for artifact in &report.artifacts {
        let dir = artifact.dir.clone();
        let listed = blocking(artifact.dir.as_path(), move || list(&dir)).await?;
        files.extend(listed.into_iter().map(|file| (artifact.name.clone(), file)));
    }
    Ok(RunOutputs {
        test_results: upload.results(results.collect()).await?,
        coverage: upload.results(coverage.collect()).await?,
        artifacts: upload.artifacts(files).await?,
    })
}

struct Source {
    path: PathBuf,
    format: &'static str,
    name: String,
    title: Option<String>,
}

struct Listed {
    path: PathBuf,
    /// Relative to the artifact, with `/`.
    name: String,
}

impl Upload<'_> {
    async fn results(&self, sources: Vec<Source>) -> Result<Vec<PublishedResult>, UploadError> {
        let stored = stream::iter(sources).map(|source| async move {
            Ok(PublishedResult {
                blob: self.file(&source.path).await?,
                format: source.format.to_owned(),
                path: source.name,
                title: source.title,
            })
        });
        stored.buffered(AT_ONCE).try_collect().await
    }

    async fn artifacts(
        &self,
        files: Vec<(String, Listed)>,
    ) -> Result<Vec<PublishedArtifact>, UploadError> {
        let stored = stream::iter(files).map(|(name, file)| async move {
            Ok(PublishedArtifact {
                blob: self.file(&file.path).await?,
                name,
                path: file.name,
            })
        });
        stored.buffered(AT_ONCE).try_collect().await
    }

    async fn file(&self, path: &Path) -> Result<BlobReference, UploadError> {
        let owned = path.to_owned();
        let digest = blocking(path, move || digest(&owned)).await?;
        let key = BlobKey::new(format!("{}/{digest}", self.folder))?;
        let stored = self.blobs.put_file(&key, path).await?;
        if stored.sha256 != format!("sha256:{digest}") {
            let path = path.display().to_string();
            return Err(UploadError::Changed { path });
        }
        Ok(BlobReference {
            key: key.to_string(),
            digest: stored.sha256,
            size: stored.size,
        })
    }
}

async fn blocking<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, UploadError> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.unwrap_or_else(|error| Err(io::Error::other(error)));
    done.map_err(|source| UploadError::File {
        path: path.display().to_string(),
        source,
    })
}

fn digest(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hex::encode(hasher.finalize()))
}

/// The regular files below `root`, sorted; links are left out, as they could lead anywhere.
fn list(root: &Path) -> io::Result<Vec<Listed>> {
    let mut found = Vec::new();
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push((entry.path(), format!("{name}/")));
            } else if kind.is_file() {
                let path = entry.path();
                found.push(Listed { path, name });
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

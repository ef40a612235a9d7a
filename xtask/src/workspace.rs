//! The files and manifests of the checkout.

use std::path::{Path, PathBuf};
use std::process::Command;

use thiserror::Error;

use crate::manifest::{Manifest, ManifestError};

/// Why the checkout could not be read.
#[derive(Debug, Error)]
pub(crate) enum WorkspaceError {
    /// git is missing, failed, or there is no checkout here.
    #[error("git {arguments}: {message}")]
    Git { arguments: String, message: String },
    /// A file could not be read.
    #[error("{path}: {source}")]
    Read {
        path: String,
        source: std::io::Error,
    },
    /// A Cargo.toml could not be understood.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

/// The checkout: its root and the files that belong to it.
pub(crate) struct Workspace {
    root: PathBuf,
    files: Vec<String>,
}

impl Workspace {
    /// The checkout around the current folder. Files that git ignores do not belong to it.
    pub(crate) fn open() -> Result<Self, WorkspaceError> {
        let top = git(Path::new("."), &["rev-parse", "--show-toplevel"])?;
        let root = PathBuf::from(top.trim_end_matches(['\r', '\n']));
        let listed = git(
            &root,
            &[
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ],
        )?;
        let files = listed
            .split('\0')
            .filter(|path| !path.is_empty())
            .map(str::to_owned)
            .collect();
        Ok(Self::with_files(root, files))
    }

    /// A checkout of exactly these files; those that do not exist (deleted, not committed) are left out.
    pub(crate) fn with_files(root: PathBuf, mut files: Vec<String>) -> Self {
        files.retain(|path| root.join(path).is_file());
        files.sort();
        files.dedup();
        Self { root, files }
    }

    /// The absolute root.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Every file, relative to the root, sorted.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// Whether a file, or a folder with files in it, stands at this path.
    pub(crate) fn holds(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        self.files()
            .any(|file| file == path || file.starts_with(&folder))
    }

    /// The bytes of a file.
    pub(crate) fn read(&self, path: &str) -> Result<Vec<u8>, WorkspaceError> {
        std::fs::read(self.root.join(path)).map_err(|source| WorkspaceError::Read {
            path: path.to_owned(),
            source,
        })
    }

    /// Every Cargo.toml of the checkout, the examples left out: they are modules to ship, not parts.
    pub(crate) fn manifests(&self) -> Result<Vec<Manifest>, WorkspaceError> {
        self.files()
            .filter(|path| *path == "Cargo.toml" || path.ends_with("/Cargo.toml"))
            .filter(|path| !path.starts_with("examples/") && !path.contains("/fixtures/"))
            .map(|path| {
                let text = String::from_utf8_lossy(&self.read(path)?).into_owned();
                Ok(Manifest::parse(path, &text)?)
            })
            .collect()
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, WorkspaceError> {
    let failed = |message: String| WorkspaceError::Git {
        arguments: arguments.join(" "),
        message,
    };
    let output = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(failed(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ))
    }
}

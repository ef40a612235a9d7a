//! Copying with bounds: of bytes, of files, and of where paths may lead.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::run::{Quota, Session};

/// What was copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Copied {
    pub(super) files: u64,
    pub(super) bytes: u64,
}

/// Runs work that blocks; when the step is stopped meanwhile, the flag turns true.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce(&AtomicBool) -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    struct StopOnDrop(Arc<AtomicBool>);
    impl Drop for StopOnDrop {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let guard = StopOnDrop(Arc::new(AtomicBool::new(false)));
    let flag = guard.0.clone();
    let done = tokio::task::spawn_blocking(move || work(&flag)).await;
    done.unwrap_or_else(|_| Err("the work on files broke down".to_owned()))
}

/// The real path, which must lie in the work folder of the run: links may not lead out of it.
pub(super) fn inside(path: &Path, root: &Path) -> Result<PathBuf, String> {
    let real = path
        .canonicalize()
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    if real.starts_with(root) {
        return Ok(real);
    }
    Err(format!(
        "{} lies outside of the work folder",
        path.display()
    ))
}

/// A folder to write to, made if needed, in the work folder of the run.
pub(super) fn target_folder(path: &Path, root: &Path) -> Result<PathBuf, String> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    if !plain.starts_with(root) {
        return Err(format!(
            "{} lies outside of the work folder",
            path.display()
        ));
    }
    fs::create_dir_all(&plain)
        .map_err(|error| format!("{} cannot be made: {error}", plain.display()))?;
    inside(&plain, root)
}

/// How files are copied.
pub(super) struct Copy<'a> {
    /// Where sources may really lie.
    pub(super) root: &'a Path,
    pub(super) target: &'a Path,
    /// Absent inside of the workspace, where only the disk is the limit.
    pub(super) quota: Option<&'a Quota>,
    pub(super) overwrite: bool,
    pub(super) stop: &'a AtomicBool,
}

impl Copy<'_> {
    /// Copies files to their names below the target.
    pub(super) fn all(&self, files: &[(String, PathBuf)]) -> Result<Copied, String> {
        let mut copied = Copied::default();
        for (name, path) in files {
            if self.stop.load(Ordering::Relaxed) {
                return Err("the step was stopped".to_owned());
            }
            let target = self.target.join(name);
            if !self.overwrite && target.exists() {
                continue;
            }
            copied.bytes += self.one(path, &target)?;
            copied.files += 1;
        }
        Ok(copied)
    }

    /// Copies one file; returns its size.
    pub(super) fn one(&self, path: &Path, target: &Path) -> Result<u64, String> {
        let real = inside(path, self.root)?;
        let error = |error: std::io::Error| format!("{} cannot be copied: {error}", path.display());
        let size = fs::metadata(&real).map_err(error)?.len();
        if let Some(quota) = self.quota {
            quota.take(size)?;
        }
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(error)?;
        }
        fs::copy(&real, target).map_err(error)
    }
}

/// Copies one file of a step into the store of the run.
pub(super) async fn store_one(
    session: &Session<'_>,
    source: PathBuf,
    target: PathBuf,
    limit: u64,
) -> Result<(), String> {
    let root = session.run.layout.root.clone();
    let quota = session.run.quota.clone();
    blocking(move |stop| {
        let size = fs::metadata(&source).map(|meta| (meta.is_file(), meta.len()));
        match size {
            Ok((true, size)) if size <= limit => {}
            Ok((true, _)) => {
                return Err(format!("{} has more than {limit} bytes", source.display()));
            }
            _ => return Err(format!("{} is not a file", source.display())),
        }
        let quota = Some(quota.as_ref());
        let copy = Copy {
            root: &root,
            target: &root,
            quota,
            overwrite: true,
            stop,
        };
        copy.one(&source, &target).map(drop)
    })
    .await
}

//! The provider that works offline: a folder per environment and module.
//!
//! ```text
//! <root>/<tenant>/<project>/<environment>/<module>/
//!   <kind>.<namespace>.<name>.yaml         one file per applied object
//!   .inventory.json                        what was applied
//!   .intent.json                           only while an apply is under way
//!   status/<kind>.<namespace>.<name>.json  health, written by agents outside (write and rename)
//! ```

mod apply;
mod folder;
mod intent;
mod lock;
mod observe;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

use crate::manifest::check;
use crate::object::DeclaredObject;
use crate::types::{Applied, Observed};
use crate::{ApplyOptions, DeploymentTarget, Limits, Result, TargetError, TargetPath};
use folder::Folder;
use lock::{Lock, Share};

const INVENTORY: &str = ".inventory.json";
const INTENT: &str = ".intent.json";
const STATUS: &str = "status";

/// Keeps each target as a folder below one root.
#[derive(Debug, Clone)]
pub struct DirectoryTarget {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    limits: Limits,
    /// Steps until an injected crash.
    #[cfg(test)]
    fuse: std::sync::Mutex<Option<usize>>,
}

impl DirectoryTarget {
    /// Keeps targets below `root`, which is made when it is first needed.
    pub fn new(root: impl Into<PathBuf>, limits: Limits) -> Self {
        let inner = Inner {
            root: root.into(),
            limits,
            #[cfg(test)]
            fuse: std::sync::Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The root folder.
    pub fn root(&self) -> &Path {
        &self.inner.root
    }

    async fn run<T, F>(&self, target: &TargetPath, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Inner, &TargetPath) -> Result<T> + Send + 'static,
    {
        let (inner, target) = (Arc::clone(&self.inner), target.clone());
        tokio::task::spawn_blocking(move || work(&inner, &target))
            .await
            .map_err(|_| TargetError::Worker)?
    }
}

#[async_trait]
impl DeploymentTarget for DirectoryTarget {
    async fn observe(&self, target: &TargetPath) -> Result<Observed> {
        self.run(target, |inner, target| {
            let root = inner.open_root()?;
            let _lock = inner.lock(&root, target, Share::Readers)?;
            match existing(&root, target)? {
                Some(folder) => observe::observe(&folder, &inner.limits),
                None => Ok(Observed::default()),
            }
        })
        .await
    }

    async fn apply(
        &self,
        target: &TargetPath,
        declared: &[DeclaredObject],
        revision: &str,
        options: ApplyOptions,
    ) -> Result<Applied> {
        check_revision(revision)?;
        check(declared, &self.inner.limits)?;
        let (declared, revision) = (declared.to_vec(), revision.to_owned());
        self.run(target, move |inner, target| {
            let root = inner.open_root()?;
            let _lock = inner.lock(&root, target, Share::Nobody)?;
            let folder = ensure(&root, target)?;
            apply::apply(inner, &folder, &declared, &revision, options)
        })
        .await
    }

    async fn recover(&self, target: &TargetPath) -> Result<Option<Applied>> {
        self.run(target, |inner, target| {
            let root = inner.open_root()?;
            let _lock = inner.lock(&root, target, Share::Nobody)?;
            match existing(&root, target)? {
                Some(folder) => apply::recover(inner, &folder),
                None => Ok(None),
            }
        })
        .await
    }
}

impl Inner {
    fn open_root(&self) -> Result<Folder> {
        Folder::root(&self.root).map_err(TargetError::io("opening the root of the targets"))
    }

    fn lock(&self, root: &Folder, target: &TargetPath, share: Share) -> Result<Lock> {
        Lock::take(root, target, share, self.limits.lock_wait)
    }

    /// A place where tests let the process die.
    #[cfg(test)]
    fn step(&self) -> Result<()> {
        let mut fuse = self.fuse.lock().unwrap();
        match fuse.as_mut() {
            Some(0) => Err(TargetError::io("injected")(io::Error::other("crash"))),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    #[cfg(not(test))]
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "tests fail here"
    )]
    fn step(&self) -> Result<()> {
        Ok(())
    }
}

/// The target's folder; nothing when it was never applied to.
fn existing(root: &Folder, target: &TargetPath) -> Result<Option<Folder>> {
    let [tenant, inner @ ..] = target.segments();
    let mut folder = into_folder(root.child(tenant), tenant)?;
    for segment in inner {
        folder = match folder {
            Some(folder) => into_folder(folder.child(segment), segment)?,
            None => return Ok(None),
        };
    }
    Ok(folder)
}

fn ensure(root: &Folder, target: &TargetPath) -> Result<Folder> {
    let [tenant, inner @ ..] = target.segments();
    let mut folder = into_folder(root.ensure(tenant), tenant)?;
    for segment in inner {
        folder = into_folder(folder.ensure(segment), segment)?;
    }
    Ok(folder)
}

fn into_folder<T>(opened: io::Result<T>, what: &str) -> Result<T> {
    opened.map_err(|error| match error.kind() {
        io::ErrorKind::NotADirectory => TargetError::NotAFolder {
            what: what.to_owned(),
        },
        _ => TargetError::io("opening a folder of the target")(error),
    })
}

fn check_revision(revision: &str) -> Result<()> {
    let fits = (1..=200).contains(&revision.chars().count());
    if fits
        && !revision
            .chars()
            .any(|c| c.is_control() || c.is_whitespace())
    {
        Ok(())
    } else {
        Err(TargetError::InvalidRevision)
    }
}

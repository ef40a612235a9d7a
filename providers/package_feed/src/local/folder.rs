//! Where things are, and the only functions that open them.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use uuid::Uuid;

use crate::error::{DoingIo, PackageFeedError, Result};
use crate::id::{FeedName, PackageId};
use crate::version::PackageVersion;

/// Names of tenants start with a letter or digit, so no feed is ever here.
const STAGING: &str = ".staging";
/// No publication takes so long; what is older was broken off.
const ABANDONED: Duration = Duration::from_secs(3_600);

pub(super) const METADATA: &str = ".nupkg.metadata";
pub(super) const UNLISTED: &str = ".unlisted";

/// The root folder of all feeds.
pub(super) struct Root(PathBuf);

impl Root {
    pub(super) fn open(path: PathBuf) -> Result<Self> {
        let staging = path.join(STAGING);
        fs::create_dir_all(&staging).doing_io("making the feeds' folder")?;
        for left in fs::read_dir(&staging).doing_io("reading the staging folder")? {
            let left = left.doing_io("reading the staging folder")?;
            let age = left
                .metadata()
                .and_then(|m| m.modified())
                .ok()
                .and_then(|at| at.elapsed().ok());
            if age.is_some_and(|age| age > ABANDONED) {
                // Another process may have been faster.
                let _ = fs::remove_dir_all(left.path());
            }
        }
        Ok(Self(path))
    }

    /// The names in a folder that is reached through plain folders only; none when it is missing.
    pub(super) fn names(&self, folder: &[&str]) -> Result<Vec<String>> {
        let Some(path) = self.folder(folder)? else {
            return Ok(Vec::new());
        };
        let doing = "reading a feed";
        let mut names = Vec::new();
        for entry in fs::read_dir(path).doing_io(doing)? {
            let entry = entry.doing_io(doing)?;
            if entry.file_type().doing_io(doing)?.is_dir() {
                names.extend(entry.file_name().into_string());
            }
        }
        Ok(names)
    }

    /// The path of a folder, if it and all above it up to the root are there. A symbolic link on
    /// the way is an error: a feed never leads out of its root.
    pub(super) fn folder(&self, folder: &[&str]) -> Result<Option<PathBuf>> {
        let mut path = self.0.clone();
        for name in folder {
            path.push(name);
            match plain(&path, Metadata::is_dir)? {
                Some(_) => {}
                None => return Ok(None),
            }
        }
        Ok(Some(path))
    }

    /// As [`folder`](Self::folder), making what is missing.
    pub(super) fn make_folder(&self, folder: &[&str]) -> Result<PathBuf> {
        let doing = "making a feed's folder";
        let mut path = self.0.clone();
        for name in folder {
            path.push(name);
            match fs::create_dir(&path) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    return Err(error).doing_io(doing);
                }
                _ => plain(&path, Metadata::is_dir)?,
            };
        }
        Ok(path)
    }

    /// The folder of a version that was published.
    pub(super) fn version(&self, place: &Place) -> Result<Option<PathBuf>> {
        let Some(folder) = self.folder(&place.folder())? else {
            return Ok(None);
        };
        let there = plain(&folder.join(place.package()), Metadata::is_file)?;
        Ok(there.map(|_| folder))
    }

    pub(super) fn stage(&self) -> Result<Staged> {
        let path = self
            .0
            .join(STAGING)
            .join(Uuid::new_v4().simple().to_string());
        fs::create_dir(&path).doing_io("staging a package")?;
        Ok(Staged(path))
    }
}

/// A version in a feed, as it stands in paths.
pub(super) struct Place {
    tenant: String,
    project: String,
    pub(super) id: String,
    pub(super) version: String,
}

impl Place {
    pub(super) fn new(feed: &FeedName, id: &PackageId, version: &PackageVersion) -> Self {
        Self {
            tenant: feed.tenant.to_string(),
            project: feed.project.to_string(),
            id: id.lower().to_owned(),
            version: version.key(),
        }
    }

    pub(super) fn folder(&self) -> [&str; 4] {
        [&self.tenant, &self.project, &self.id, &self.version]
    }

    /// The folder that the version's folder is in.
    pub(super) fn parent(&self) -> [&str; 3] {
        [&self.tenant, &self.project, &self.id]
    }

    pub(super) fn package(&self) -> String {
        format!("{}.{}.nupkg", self.id, self.version)
    }

    pub(super) fn sha512(&self) -> String {
        format!("{}.sha512", self.package())
    }

    pub(super) fn nuspec(&self) -> String {
        format!("{}.nuspec", self.id)
    }

    pub(super) fn not_found(&self) -> PackageFeedError {
        PackageFeedError::NotFound {
            what: format!("package {} {}", self.id, self.version),
        }
    }
}

/// A folder that goes away again unless it is moved to where it belongs.
pub(super) struct Staged(PathBuf);

impl Staged {
    pub(super) fn write(&self, name: &str, content: &[u8]) -> Result<()> {
        let write = || {
            let mut file = File::create_new(self.0.join(name))?;
            file.write_all(content)?;
            file.sync_all()
        };
        write().doing_io("writing a package")
    }

    /// Moves the folder to `target`; `false` when something is there already.
    pub(super) fn publish(self, target: &Path) -> Result<bool> {
        match fs::rename(&self.0, target) {
            Ok(()) => Ok(true),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(error).doing_io("publishing a package"),
        }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Moved, nothing is left here; left behind, the next start removes it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What is known of a path that is of the right kind; `None` when there is nothing.
pub(super) fn plain(path: &Path, right: fn(&Metadata) -> bool) -> Result<Option<Metadata>> {
    let doing = "looking at a feed";
    match fs::symlink_metadata(path) {
        Ok(metadata) if right(&metadata) => Ok(Some(metadata)),
        Ok(_) => Err(io::Error::other("neither a plain file nor a folder")).doing_io(doing),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).doing_io(doing),
    }
}

/// The content of a plain file of at most `max` bytes; `None` when there is none.
pub(super) fn read(path: &Path, max: u64) -> Result<Option<Vec<u8>>> {
    let doing = "reading a feed";
    if plain(path, Metadata::is_file)?.is_none() {
        return Ok(None);
    }
    let mut content = Vec::new();
    let file = File::open(path).doing_io(doing)?;
    file.take(max.saturating_add(1))
        .read_to_end(&mut content)
        .doing_io(doing)?;
    if content.len() as u64 > max {
        return Err(PackageFeedError::too_large(
            "bytes of a file in the feed",
            max,
        ));
    }
    Ok(Some(content))
}

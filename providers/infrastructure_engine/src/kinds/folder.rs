//! The stack's folder: every path is checked part by part, links are never followed.

use std::fs::{self, Metadata, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::{NamedTempFile, TempDir};

use crate::error::{EngineError, Io, StepError};
use crate::program::rules;
use crate::spec::{Properties, text};

/// Where the resources of a stack lie, and where they are put together.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    resources: PathBuf,
    staging: PathBuf,
}

/// What is at a path.
#[derive(Debug, Clone)]
pub(crate) enum Found {
    Nothing,
    File(Metadata),
    Directory(Metadata),
    /// A link, a socket, a device.
    Other,
}

const LOOKING: &str = "looking at a path";

impl Folder {
    /// Opens the folders below that of the stack, and clears what an earlier process left in staging.
    pub(crate) fn open(stack: &Path) -> Result<Self, EngineError> {
        const DOING: &str = "opening the stack's folder";
        let folder = Self {
            resources: stack.join("resources"),
            staging: stack.join("staging"),
        };
        match fs::remove_dir_all(&folder.staging) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).doing(DOING),
            _ => {}
        }
        fs::create_dir_all(&folder.resources).doing(DOING)?;
        fs::create_dir_all(&folder.staging).doing(DOING)?;
        fs::set_permissions(&folder.staging, Permissions::from_mode(0o700)).doing(DOING)?;
        Ok(folder)
    }

    /// The place of a path, none of whose parents is anything but a directory.
    pub(crate) fn place(&self, path: &str) -> Result<PathBuf, StepError> {
        let detour = || StepError::Detour {
            location: path.to_owned(),
        };
        // The path may come from a state on disk, so it is held to the rule again.
        rules::path(path).map_err(|_| detour())?;
        let mut place = self.resources.clone();
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            place.push(part);
            if parts.peek().is_some()
                && !matches!(look(&place)?, Found::Nothing | Found::Directory(_))
            {
                return Err(detour());
            }
        }
        Ok(place)
    }

    /// What is at a path, and its place.
    pub(crate) fn find(&self, path: &str) -> Result<(PathBuf, Found), StepError> {
        let place = self.place(path)?;
        let found = look(&place)?;
        Ok((place, found))
    }

    /// Makes the directories that lead to a place.
    pub(crate) fn parents(&self, place: &Path) -> Result<(), StepError> {
        let parent = place.parent().unwrap_or(&self.resources);
        fs::create_dir_all(parent).doing("making the directories above")
    }

    /// An empty file to be filled and moved to its place.
    pub(crate) fn new_file(&self) -> Result<NamedTempFile, StepError> {
        NamedTempFile::new_in(&self.staging).doing("making a file")
    }

    /// An empty directory to be filled and moved to its place.
    pub(crate) fn new_directory(&self) -> Result<TempDir, StepError> {
        TempDir::new_in(&self.staging).doing("making a directory")
    }

    /// Puts a file in its place in one move; `replace` tells whether one may be there already.
    pub(crate) fn write(
        &self,
        path: &str,
        bytes: &[u8],
        mode: u32,
        replace: bool,
    ) -> Result<(), StepError> {
        const DOING: &str = "writing a file";
        let place = self.place(path)?;
        let mut file = self.new_file()?;
        file.write_all(bytes).doing(DOING)?;
        file.as_file().sync_all().doing(DOING)?;
        self.put(file, path, &place, mode, replace)
    }

    /// The last step of [`write`](Self::write), for files that someone else filled.
    pub(crate) fn put(
        &self,
        file: NamedTempFile,
        path: &str,
        place: &Path,
        mode: u32,
        replace: bool,
    ) -> Result<(), StepError> {
        const DOING: &str = "moving a file to its place";
        fs::set_permissions(file.path(), Permissions::from_mode(mode)).doing(DOING)?;
        self.parents(place)?;
        if replace {
            file.persist(place)
                .map_err(|failed| failed.error)
                .doing(DOING)?;
            return Ok(());
        }
        match file.persist_noclobber(place) {
            Ok(_) => Ok(()),
            Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => Err(taken(path)),
            Err(failed) => Err(failed.error).doing(DOING),
        }
    }

    /// Moves what is at `place` out of the way in one move, and deletes it there.
    pub(crate) fn discard(&self, place: &Path) -> Result<(), StepError> {
        const DOING: &str = "deleting a directory";
        let bin = self.new_directory()?;
        match fs::rename(place, bin.path().join("discarded")) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error).doing(DOING),
            _ => bin.close().doing(DOING),
        }
    }
}

fn look(place: &Path) -> Result<Found, StepError> {
    match fs::symlink_metadata(place) {
        Ok(data) if data.is_file() => Ok(Found::File(data)),
        Ok(data) if data.is_dir() => Ok(Found::Directory(data)),
        Ok(_) => Ok(Found::Other),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Found::Nothing),
        Err(error) => Err(error).doing(LOOKING),
    }
}

pub(crate) fn taken(location: &str) -> StepError {
    StepError::Taken {
        location: location.to_owned(),
    }
}

/// The mode among the properties.
pub(crate) fn mode(properties: &Properties, default: u32) -> u32 {
    u32::from_str_radix(text(properties, "mode"), 8).unwrap_or(default)
}

/// The mode of what is there, as properties show it.
pub(crate) fn shown_mode(data: &Metadata) -> String {
    format!("{:04o}", data.permissions().mode() & 0o7777)
}

pub(crate) fn set_mode(place: &Path, mode: u32) -> Result<(), StepError> {
    fs::set_permissions(place, Permissions::from_mode(mode)).doing("setting a mode")
}

/// Deletes a file that may be gone already.
pub(crate) fn remove(place: &Path) -> Result<(), StepError> {
    match fs::remove_file(place) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).doing("deleting a file"),
        _ => Ok(()),
    }
}

/// The bytes of a file of at most `most` bytes; a longer one gives what stands for it: its digest.
pub(crate) fn read(place: &Path, most: u64) -> Result<Result<Vec<u8>, String>, StepError> {
    const DOING: &str = "reading a file";
    let mut file = fs::File::open(place).doing(DOING)?;
    let mut bytes = Vec::new();
    Read::by_ref(&mut file)
        .take(most + 1)
        .read_to_end(&mut bytes)
        .doing(DOING)?;
    if bytes.len() as u64 <= most {
        return Ok(Ok(bytes));
    }
    let mut hasher = Sha256::new();
    hasher.update(&bytes);
    std::io::copy(&mut file, &mut hasher).doing(DOING)?;
    Ok(Err(format!("sha256:{}", hex::encode(hasher.finalize()))))
}

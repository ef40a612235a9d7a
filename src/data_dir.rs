//! The data folder: one server at a time, and who it is over restarts.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use uuid::Uuid;

// What the server keeps in it; `auth` makes itself.
const FOLDERS: [&str; 4] = ["db", "git", "blobs", "runs"];

/// Why the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another server uses it.
    #[error("{path} is in use by another server; give this one its own data_dir", path = path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// It cannot be made, locked or written.
    #[error("the data folder {path} cannot be used: {source}", path = path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A data folder that this process holds; dropping it lets go.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    instance: String,
    _lock: File,
}

impl DataDir {
    /// Makes the folder when there is none, and locks it.
    ///
    /// # Errors
    /// [`DataDirError::InUse`] while another server has it.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let failed = |source| DataDirError::Io {
            path: path.to_owned(),
            source,
        };
        // It holds keys and everybody's source: nothing for other users of the machine.
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(failed)?;
        let path = path.canonicalize().map_err(failed)?;
        // A folder that was there before may be open to others; what is in it is not.
        for name in FOLDERS {
            let folder = path.join(name);
            let mut made = fs::DirBuilder::new();
            let made = made.recursive(true).mode(0o700).create(&folder);
            made.map_err(failed)?;
        }
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("lock"))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DataDirError::InUse { path }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let instance = instance(&path).map_err(failed)?;
        Ok(Self {
            path,
            instance,
            _lock: lock,
        })
    }

    /// The folder, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Names the folder's server, the same after a restart.
    pub fn instance(&self) -> &str {
        &self.instance
    }
}

// Written aside and renamed, so that a crash leaves either no name or a whole one.
fn instance(dir: &Path) -> io::Result<String> {
    let path = dir.join("instance");
    match fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let name = Uuid::new_v4().simple().to_string();
    let aside = dir.join(".instance");
    let mut file = File::create(&aside)?;
    writeln!(file, "{name}")?;
    file.sync_all()?;
    fs::rename(&aside, &path)?;
    Ok(name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn two_servers_cannot_share_a_folder_and_a_restart_keeps_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        let first = DataDir::open(&path).unwrap();
        assert!(matches!(
            DataDir::open(&path),
            Err(DataDirError::InUse { .. })
        ));
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let name = first.instance().to_owned();
        drop(first);
        let open = dir.path().join("open");
        fs::create_dir(&open).unwrap();
        let _held = DataDir::open(&open).unwrap();
        for name in FOLDERS {
            let mode = fs::metadata(open.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{name}");
        }
        assert_eq!(DataDir::open(&path).unwrap().instance(), name);
    }
}

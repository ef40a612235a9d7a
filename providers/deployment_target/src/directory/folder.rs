//! A folder by its descriptor: every name is looked up in it alone and no link is followed, so
//! nothing that stands in a target can lead out of the root.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::types::FileProblem;

/// Prefix of the files that a write goes to before it is moved in place.
pub(super) const TEMPORARY: &str = ".tmp-";

/// An open folder.
#[derive(Debug)]
pub(super) struct Folder {
    fd: OwnedFd,
}

/// What stands under a name.
#[derive(Debug)]
pub(super) enum Content {
    Bytes(Vec<u8>),
    Problem(FileProblem),
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC
}

impl Folder {
    /// Opens the root, which is the caller's own choice and may be reached through links.
    pub(super) fn root(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        let fd = rustix::fs::open(path, folder_flags(), Mode::empty())?;
        Ok(Self { fd })
    }

    /// The folder of this name; nothing when there is none. A link or a file is an error of the
    /// kind `NotADirectory`.
    pub(super) fn child(&self, name: &str) -> io::Result<Option<Self>> {
        let flags = folder_flags() | OFlags::NOFOLLOW;
        match rustix::fs::openat(&self.fd, name, flags, Mode::empty()) {
            Ok(fd) => Ok(Some(Self { fd })),
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::LOOP) => Err(Errno::NOTDIR.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// The folder of this name, made when there is none.
    pub(super) fn ensure(&self, name: &str) -> io::Result<Self> {
        match rustix::fs::mkdirat(&self.fd, name, Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        self.child(name)?.ok_or_else(|| Errno::NOENT.into())
    }

    /// The names in the folder, sorted; nothing when there are more than `max`. Names that are
    /// not UTF-8 are passed over.
    pub(super) fn names(&self, max: usize) -> io::Result<Option<Vec<String>>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.fd)? {
            let entry = entry?;
            match entry.file_name().to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(_) if names.len() == max => return Ok(None),
                Ok(name) => names.push(name.to_owned()),
            }
        }
        names.sort();
        Ok(Some(names))
    }

    /// What stands under the name, at most `max` bytes of it; nothing when there is nothing.
    pub(super) fn read(&self, name: &str, max: usize) -> io::Result<Option<Content>> {
        // Without NONBLOCK a pipe would keep the reader waiting for a writer.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let problem = |problem| Ok(Some(Content::Problem(problem)));
        let fd = match rustix::fs::openat(&self.fd, name, flags, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return problem(FileProblem::SymbolicLink),
            Err(Errno::ACCESS | Errno::PERM) => return problem(FileProblem::Unreadable),
            Err(Errno::NXIO | Errno::NODEV) => return problem(FileProblem::NotAFile),
            Err(error) => return Err(error.into()),
        };
        let stat = rustix::fs::fstat(&fd)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return problem(FileProblem::NotAFile);
        }
        let mut bytes = Vec::new();
        File::from(fd)
            .take(max as u64 + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() > max {
            return problem(FileProblem::TooLarge);
        }
        Ok(Some(Content::Bytes(bytes)))
    }

    /// Puts the bytes under the name, whole or not at all. A link there is replaced, not followed.
    /// With `durable` they are on the disk before they are seen.
    pub(super) fn write(&self, name: &str, bytes: &[u8], durable: bool) -> io::Result<()> {
        let temporary = format!("{TEMPORARY}{}", uuid::Uuid::new_v4().simple());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o644);
        let mut file = File::from(rustix::fs::openat(&self.fd, &*temporary, flags, mode)?);
        let written = file
            .write_all(bytes)
            .and_then(|()| if durable { file.sync_data() } else { Ok(()) })
            .and_then(|()| {
                rustix::fs::renameat(&self.fd, &*temporary, &self.fd, name).map_err(Into::into)
            });
        if written.is_err() {
            // The error says what happened; a file left behind is removed by the next apply.
            let _ = self.remove(&temporary);
        }
        written
    }

    /// Removes the file or link; says whether there was one.
    pub(super) fn remove(&self, name: &str) -> io::Result<bool> {
        match rustix::fs::unlinkat(&self.fd, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// A file to lock, made when there is none.
    pub(super) fn lock_file(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&self.fd, name, flags, Mode::from_raw_mode(0o600))?;
        Ok(File::from(fd))
    }
}

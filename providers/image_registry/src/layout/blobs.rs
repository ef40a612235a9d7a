//! Files of a layout: read whole and without following links, written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::error::DoingIo;
use crate::{Digest, ImageError, Result};

/// The content of a regular file, `None` when there is none.
///
/// # Errors
/// [`ImageError::TooLarge`], [`ImageError::Damaged`] when it is a link, [`ImageError::Io`].
pub(super) fn read(path: &Path, what: &str, max: u64) -> Result<Option<Vec<u8>>> {
    let Some(mut file) = open(path, what)? else {
        return Ok(None);
    };
    let mut content = Vec::new();
    let read = Read::by_ref(&mut file)
        .take(max.saturating_add(1))
        .read_to_end(&mut content)
        .doing_io("reading a blob")?;
    if read as u64 > max {
        return Err(ImageError::too_large(format!("{what} in bytes"), max));
    }
    Ok(Some(content))
}

pub(super) fn open(path: &Path, what: &str) -> Result<Option<File>> {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err(ImageError::damaged(what)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(ImageError::Io {
                doing: "reading a blob",
                source,
            });
        }
    }
    File::open(path).doing_io("reading a blob").map(Some)
}

/// The digest of all that a reader gives, with the number of bytes.
pub(super) fn digest_of(mut reader: impl Read) -> Result<(Digest, u64)> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut size = 0;
    loop {
        match reader.read(&mut buffer).doing_io("reading a blob")? {
            0 => return Ok((Digest::from_hasher(hasher), size)),
            read => {
                hasher.update(&buffer[..read]);
                size += read as u64;
            }
        }
    }
}

/// Writes `content` to `path` by way of a temporary file in `staging`, on the same file system.
pub(super) fn replace(path: &Path, content: &[u8], staging: &Path) -> Result<()> {
    const DOING: &str = "writing a blob";
    let mut file = NamedTempFile::new_in(staging).doing_io(DOING)?;
    file.write_all(content).doing_io(DOING)?;
    file.as_file().sync_all().doing_io(DOING)?;
    file.persist(path)
        .map_err(|failed| failed.error)
        .doing_io(DOING)?;
    Ok(())
}

/// Makes the file at `from` also stand at `to`: by a second link, or by a copy across file systems.
pub(super) fn link(from: &Path, to: &Path, staging: &Path) -> Result<()> {
    const DOING: &str = "storing a blob";
    File::open(from)
        .and_then(|file| file.sync_all())
        .doing_io(DOING)?;
    // By way of a name of its own: `to` may be there, damaged, and is then replaced at once.
    let place = tempfile::Builder::new().make_in(staging, |name| {
        fs::hard_link(from, name).or_else(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Err(error),
            _ => fs::copy(from, name).map(|_| ()),
        })
    });
    place
        .doing_io(DOING)?
        .into_temp_path()
        .persist(to)
        .map_err(|failed| failed.error)
        .doing_io(DOING)
}

//! One layer: a tar of sorted entries with zero times and owners, compressed with a fixed header.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use flate2::{Compression, GzBuilder};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::error::DoingIo;
use crate::oci::{Descriptor, media_type};
use crate::spec::{FileContent, ImageFile, ImageSpec};
use crate::{Digest, ImageError, Limits, Result};

/// What is known of one file that went into an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFact {
    /// Path below the target folder.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// Digest of its content.
    pub digest: Digest,
    /// Whether it may be executed.
    pub executable: bool,
}

/// A compressed layer in a temporary file.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) file: NamedTempFile,
    pub(crate) descriptor: Descriptor,
    pub(crate) diff_id: Digest,
    /// Sorted by path; links are left out.
    pub(crate) facts: Vec<FileFact>,
}

const DOING: &str = "writing a layer";
/// Fixed, so that the same files give the same digest.
const LEVEL: u32 = 6;
const UNKNOWN_SYSTEM: u8 = 255;

/// Hashes and counts what passes.
struct Hashing<T> {
    inner: T,
    hasher: Sha256,
    count: u64,
}

impl<T> Hashing<T> {
    fn new(inner: T) -> Self {
        Self {
            inner,
            hasher: Sha256::new(),
            count: 0,
        }
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buffer)?;
        self.hasher.update(&buffer[..written]);
        self.count += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.count += read as u64;
        Ok(read)
    }
}

/// Writes the layer of a checked spec to a temporary file in `staging`.
pub(crate) fn write(spec: &ImageSpec, staging: &Path, limits: &Limits) -> Result<Layer> {
    let file = NamedTempFile::new_in(staging).doing_io(DOING)?;
    let compressed = Hashing::new(BufWriter::with_capacity(1 << 16, file));
    let gzip = GzBuilder::new()
        .mtime(0)
        .operating_system(UNKNOWN_SYSTEM)
        .write(compressed, Compression::new(LEVEL));
    let mut tar = tar::Builder::new(Hashing::new(gzip));
    let facts = entries(&mut tar, spec, limits)?;
    let plain = tar.into_inner().doing_io(DOING)?;
    let diff_id = Digest::from_hasher(plain.hasher);
    let compressed = plain.inner.finish().doing_io(DOING)?;
    let digest = Digest::from_hasher(compressed.hasher);
    let file = compressed
        .inner
        .into_inner()
        .map_err(io::IntoInnerError::into_error)
        .doing_io(DOING)?;
    Ok(Layer {
        descriptor: Descriptor::new(media_type::LAYER_GZIP, digest, compressed.count),
        diff_id,
        file,
        facts,
    })
}

fn entries<W: Write>(
    tar: &mut tar::Builder<W>,
    spec: &ImageSpec,
    limits: &Limits,
) -> Result<Vec<FileFact>> {
    let target = spec.target.trim_matches('/');
    let mut files: BTreeMap<String, &ImageFile> = BTreeMap::new();
    let mut folders: BTreeSet<String> = BTreeSet::new();
    if !target.is_empty() {
        folders.insert(target.to_owned());
    }
    for file in &spec.files {
        let path = if target.is_empty() {
            file.path.clone()
        } else {
            format!("{target}/{}", file.path)
        };
        files.insert(path, file);
    }
    for path in files.keys().chain(&folders.clone()) {
        folders.extend(path.match_indices('/').map(|(at, _)| path[..at].to_owned()));
    }
    // Parents sort before what they hold: a path is greater than each of its prefixes.
    let names: BTreeSet<&String> = files.keys().chain(&folders).collect();
    let mut facts = Vec::new();
    let mut total = 0;
    for name in names {
        if let Some(file) = files.get(name) {
            if let Some(fact) = append(tar, name, file, limits)? {
                total += fact.size;
                facts.push(fact);
            }
        } else {
            let mut header = header(tar::EntryType::Directory, 0, 0o755);
            tar.append_data(&mut header, format!("{name}/"), io::empty())
                .doing_io(DOING)?;
        }
        if total > limits.max_image_bytes {
            let limit = limits.max_image_bytes;
            return Err(ImageError::too_large("the image's size in bytes", limit));
        }
    }
    facts.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(facts)
}

fn header(kind: tar::EntryType, size: u64, mode: u32) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

fn append<W: Write>(
    tar: &mut tar::Builder<W>,
    name: &str,
    file: &ImageFile,
    limits: &Limits,
) -> Result<Option<FileFact>> {
    let (size, reader): (u64, Box<dyn Read + '_>) = match &file.content {
        FileContent::Link(target) => {
            let mut header = header(tar::EntryType::Symlink, 0, 0o777);
            tar.append_link(&mut header, name, target).doing_io(DOING)?;
            return Ok(None);
        }
        FileContent::Bytes(bytes) => (bytes.len() as u64, Box::new(&bytes[..])),
        FileContent::Path(path) => {
            let (source, size) = open(path, &file.path)?;
            (size, Box::new(source))
        }
    };
    if size > limits.max_file_bytes {
        return Err(ImageError::too_large(
            format!("file `{}` with {size} bytes", file.path),
            limits.max_file_bytes,
        ));
    }
    let mode = if file.executable { 0o755 } else { 0o644 };
    let mut header = header(tar::EntryType::Regular, size, mode);
    // One byte more than announced shows that the file grew; it never reaches the archive.
    let mut counted = Hashing::new(reader.take(size));
    tar.append_data(&mut header, name, &mut counted)
        .doing_io(DOING)?;
    let mut rest = counted.inner.into_inner();
    if counted.count != size || rest.read(&mut [0]).doing_io(DOING)? != 0 {
        return Err(ImageError::SourceFile {
            path: file.path.clone(),
            rule: "it changed while it was read",
        });
    }
    Ok(Some(FileFact {
        path: file.path.clone(),
        size,
        digest: Digest::from_hasher(counted.hasher),
        executable: file.executable,
    }))
}

/// Opens a local file that is no link, also not a moment later.
pub(crate) fn open(path: &Path, shown: &str) -> Result<(File, u64)> {
    use std::os::unix::fs::MetadataExt;

    let refuse = |rule| ImageError::SourceFile {
        path: shown.to_owned(),
        rule,
    };
    let before = path
        .symlink_metadata()
        .map_err(|_| refuse("it does not exist or may not be read"))?;
    // Checked before opening: opening a named pipe would wait for its other end.
    if !before.is_file() {
        return Err(refuse("it is not a regular file"));
    }
    let file = File::open(path).map_err(|_| refuse("it does not exist or may not be read"))?;
    let opened = file.metadata().doing_io(DOING)?;
    if (before.dev(), before.ino()) != (opened.dev(), opened.ino()) {
        return Err(refuse("it changed while it was read"));
    }
    Ok((file, opened.len()))
}

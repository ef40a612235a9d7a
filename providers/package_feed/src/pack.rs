//! Building packages.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use sha2::{Digest, Sha256, Sha512};

use crate::error::{DoingIo, PackageFeedError, Result};
use crate::limits::Limits;
use crate::metadata::PackageMetadata;
use crate::nuspec;
use crate::path::{check_path, clash, escape};
use crate::zip::ZipWriter;

mod opc;

/// What to make a package of.
#[derive(Debug, Clone)]
pub struct PackageSpec {
    /// Its description.
    pub metadata: PackageMetadata,
    /// Its files, in any order.
    pub files: Vec<PackageFile>,
}

/// One file of a package.
#[derive(Debug, Clone)]
pub struct PackageFile {
    /// Where it is in the package, for example `lib/net8.0/Acme.dll` or `content/app.js`.
    pub path: String,
    /// What it holds.
    pub content: FileContent,
}

/// The content of a file.
#[derive(Debug, Clone)]
pub enum FileContent {
    /// In memory.
    Bytes(Bytes),
    /// In a regular file on this machine; a symbolic link is refused.
    File(PathBuf),
}

/// A package that was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// The `.nupkg`.
    pub bytes: Bytes,
    /// SHA-512 in base 64, as NuGet writes it.
    pub sha512: String,
    /// `sha256:` and 64 hexadecimal digits.
    pub digest: String,
    /// Size in bytes.
    pub size: u64,
    /// The description as it stands in the package.
    pub metadata: PackageMetadata,
}

/// Builds a package. Equal input gives equal bytes: entries are sorted, have no times, and the
/// format's own ids come from the content. Blocks while it reads files and compresses.
///
/// # Errors
/// [`PackageFeedError::Invalid`] and [`PackageFeedError::InvalidPath`] name what breaks a rule,
/// [`PackageFeedError::TooLarge`] the limit, [`PackageFeedError::Io`] a file that cannot be read.
pub fn pack(spec: &PackageSpec, limits: &Limits) -> Result<Packed> {
    let metadata = spec.metadata.clone().normalized(limits)?;
    for (field, empty) in [
        ("description", metadata.description.is_empty()),
        ("authors", metadata.authors.is_empty()),
    ] {
        if empty {
            return Err(PackageFeedError::invalid(
                field,
                "",
                "a package that is built here must have it",
            ));
        }
    }
    let mut parts = payload(&spec.files, limits)?;
    let nuspec = nuspec::write(&metadata);
    let paths: Vec<&str> = spec.files.iter().map(|file| file.path.as_str()).collect();
    let identity = identity(&nuspec, &parts);
    for (name, content) in opc::parts(&metadata, &paths, &identity) {
        parts.insert(name, content);
    }
    parts.insert(opc::nuspec_name(&metadata), nuspec.into_bytes());
    let mut zip = ZipWriter::new();
    for (name, content) in &parts {
        zip.add(name, content)?;
        if zip.len() > limits.max_package_bytes {
            return Err(PackageFeedError::too_large(
                "bytes of the package",
                limits.max_package_bytes,
            ));
        }
    }
    let bytes = Bytes::from(zip.finish()?);
    Ok(Packed {
        sha512: sha512(&bytes),
        digest: digest(&bytes),
        size: bytes.len() as u64,
        bytes,
        metadata,
    })
}

/// The files under the names that they have in the archive.
fn payload(files: &[PackageFile], limits: &Limits) -> Result<BTreeMap<String, Vec<u8>>> {
    if files.len() > limits.max_files {
        return Err(PackageFeedError::too_large(
            "number of files",
            limits.max_files as u64,
        ));
    }
    for file in files {
        check_path(&file.path)?;
    }
    if let Some(path) = clash(files.iter().map(|file| file.path.as_str())) {
        return Err(PackageFeedError::path(
            path,
            "it clashes with another path, case aside",
        ));
    }
    let mut left = limits.max_unpacked_bytes;
    let mut parts = BTreeMap::new();
    for file in files {
        let content = match &file.content {
            FileContent::Bytes(bytes) => bytes.to_vec(),
            FileContent::File(path) => read(path, left)?,
        };
        left = left.checked_sub(content.len() as u64).ok_or_else(|| {
            PackageFeedError::too_large("bytes of all files", limits.max_unpacked_bytes)
        })?;
        parts.insert(escape(&file.path), content);
    }
    Ok(parts)
}

fn read(path: &Path, max: u64) -> Result<Vec<u8>> {
    let doing = "reading a file for a package";
    if !std::fs::symlink_metadata(path).doing_io(doing)?.is_file() {
        let source = std::io::Error::other("not a regular file");
        return Err(PackageFeedError::Io { doing, source });
    }
    let mut content = Vec::new();
    let file = std::fs::File::open(path).doing_io(doing)?;
    file.take(max.saturating_add(1))
        .read_to_end(&mut content)
        .doing_io(doing)?;
    Ok(content)
}

/// A digest of everything that the package holds, for the ids that the format wants.
fn identity(nuspec: &str, parts: &BTreeMap<String, Vec<u8>>) -> String {
    let mut hash = Sha256::new();
    hash.update(Sha256::digest(nuspec));
    for (name, content) in parts {
        hash.update(Sha256::digest(name));
        hash.update(Sha256::digest(content));
    }
    hex::encode(hash.finalize())
}

/// SHA-512 in base 64, as NuGet writes it.
#[must_use]
pub fn sha512(bytes: &[u8]) -> String {
    STANDARD.encode(Sha512::digest(bytes))
}

/// `sha256:` and 64 hexadecimal digits.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

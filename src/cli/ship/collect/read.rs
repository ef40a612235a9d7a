//! Reads the files, within limits.

use std::{fs::File, io::Read as _, path::Path};

use super::{CollectError, Source, SourceFile, links::Sorted};

/// Bounds of one commit, before anything is sent. `Default` gives the values that the fields
/// name; the server has bounds of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Files. 10,000.
    pub max_files: usize,
    /// Bytes of one file. 100 MB.
    pub max_file_bytes: u64,
    /// Bytes of all files, which are held in memory. 256 MB.
    pub max_total_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_files: 10_000,
            max_file_bytes: 100_000_000,
            max_total_bytes: 256_000_000,
        }
    }
}

pub(super) fn read(root: &Path, sorted: Sorted, limits: &Limits) -> Result<Source, CollectError> {
    if sorted.files.len() > limits.max_files {
        return Err(CollectError::TooManyFiles {
            limit: limits.max_files,
        });
    }
    let mut files = Vec::with_capacity(sorted.files.len());
    let mut total = 0;
    for (path, from) in sorted.files {
        let file = read_file(root, path, &from, limits)?;
        total += file.content.len() as u64;
        if total > limits.max_total_bytes {
            return Err(CollectError::TooLarge {
                limit: limits.max_total_bytes,
            });
        }
        files.push(file);
    }
    Ok(Source {
        files,
        copied_links: sorted.copied_links,
    })
}

fn read_file(
    root: &Path,
    path: String,
    from: &str,
    limits: &Limits,
) -> Result<SourceFile, CollectError> {
    let full = root.join(from);
    let io = |error| CollectError::io(&full, error);
    let file = File::open(&full).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    let limit = limits.max_file_bytes;
    let too_large = |size| CollectError::FileTooLarge {
        path: path.clone(),
        size,
        limit,
    };
    if metadata.len() > limit {
        return Err(too_large(metadata.len()));
    }
    let mut content = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    // The file may grow while it is read.
    let read = file.take(limit + 1).read_to_end(&mut content).map_err(io)? as u64;
    if read > limit {
        return Err(too_large(read));
    }
    let executable = is_executable(&metadata);
    Ok(SourceFile {
        path,
        executable,
        content,
    })
}

// As Git does: the owner's bit decides.
#[cfg(unix)]
fn is_executable(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &std::fs::Metadata) -> bool {
    false
}

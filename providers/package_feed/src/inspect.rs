//! Reading packages that come from outside.

use crate::error::{PackageFeedError, PackageRule, Result};
use crate::limits::Limits;
use crate::metadata::PackageMetadata;
use crate::nuspec;
use crate::path::{clash, is_root_nuspec, rule_broken, unescape};
use crate::zip::{Entry, entries};

/// A package that passed every check.
pub(crate) struct Inspected {
    pub(crate) metadata: PackageMetadata,
    /// The description as it stands in the package.
    pub(crate) nuspec: Vec<u8>,
}

/// Reads what a package says about itself, after checking all of it: the archive can be read in
/// one way only, every name stays inside, every file has the size and checksum that it claims, and
/// there is one description. Blocks while it unpacks, into nothing but a few KiB of memory.
///
/// # Errors
/// [`PackageFeedError::InvalidPackage`] names the entry and the rule,
/// [`PackageFeedError::Invalid`] the part of the description, [`PackageFeedError::TooLarge`] the
/// limit.
pub fn inspect(package: &[u8], limits: &Limits) -> Result<PackageMetadata> {
    check(package, limits).map(|inspected| inspected.metadata)
}

pub(crate) fn check(package: &[u8], limits: &Limits) -> Result<Inspected> {
    if package.len() as u64 > limits.max_package_bytes {
        return Err(PackageFeedError::too_large(
            "bytes of the package",
            limits.max_package_bytes,
        ));
    }
    // The format has a handful of parts of its own beside the files.
    let entries = entries(package, limits.max_files.saturating_add(16))?;
    let paths = entries.iter().map(safe_path).collect::<Result<Vec<_>>>()?;
    let files = || paths.iter().flatten().map(String::as_str);
    if let Some(path) = clash(files()) {
        return Err(PackageFeedError::entry(path, PackageRule::Duplicate));
    }
    let unpacked: u64 = entries.iter().map(|entry| entry.size).sum();
    if unpacked > limits.max_unpacked_bytes {
        return Err(PackageFeedError::too_large(
            "bytes of all files, unpacked",
            limits.max_unpacked_bytes,
        ));
    }
    let mut nuspecs = entries
        .iter()
        .zip(&paths)
        .filter(|(_, path)| path.as_deref().is_some_and(is_root_nuspec));
    let (nuspec, _) = nuspecs
        .next()
        .ok_or_else(|| PackageFeedError::package(PackageRule::NoNuspec))?;
    if nuspecs.next().is_some() {
        return Err(PackageFeedError::package(PackageRule::SeveralNuspecs));
    }
    if nuspec.size > limits.max_nuspec_bytes {
        return Err(PackageFeedError::too_large(
            "bytes of the .nuspec",
            limits.max_nuspec_bytes,
        ));
    }
    let nuspec = nuspec.content()?;
    let metadata = nuspec::read(&nuspec, limits)?;
    for entry in &entries {
        entry.unpack(|_| {})?;
    }
    Ok(Inspected { metadata, nuspec })
}

/// The path that a client would unpack the entry to; `None` for a folder.
fn safe_path(entry: &Entry<'_>) -> Result<Option<String>> {
    let unsafe_name = |rule| PackageFeedError::entry(&entry.name, PackageRule::UnsafeName(rule));
    if entry.is_special() {
        return Err(PackageFeedError::entry(
            &entry.name,
            PackageRule::NotRegular,
        ));
    }
    let path =
        unescape(&entry.name).ok_or_else(|| unsafe_name("it is not UTF-8 when unescaped"))?;
    let folder = entry.is_folder();
    let path = if folder {
        path.trim_end_matches('/')
    } else {
        &path
    };
    // Both readings must be safe: not every client unescapes.
    for reading in [path, entry.name.trim_end_matches('/')] {
        if let Some(rule) = rule_broken(reading) {
            return Err(unsafe_name(rule));
        }
    }
    if folder && entry.size != 0 {
        return Err(unsafe_name("a folder has content"));
    }
    Ok((!folder).then(|| path.to_owned()))
}

//! Sorts the listed paths into files and links, and finds out what the links stand for.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::ErrorKind,
    path::Path,
};

use super::{CollectError, Unshippable};

/// What is to be read, and from where.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// Path in the commit, and path of the file with its content; both relative to the root.
    pub(super) files: BTreeMap<String, String>,
    /// Links that are shipped as copies.
    pub(super) copied_links: Vec<String>,
}

pub(super) fn sort_out(root: &Path, listed: BTreeSet<String>) -> Result<Sorted, CollectError> {
    let mut plain = BTreeSet::new();
    let mut links = Vec::new();
    let mut refused = Vec::new();
    for path in listed {
        let full = root.join(&path);
        let metadata = match full.symlink_metadata() {
            Ok(metadata) => metadata,
            // Git also lists tracked files that were deleted in the folder.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(CollectError::io(&full, error)),
        };
        let kind = metadata.file_type();
        if kind.is_file() {
            plain.insert(path);
        } else if kind.is_symlink() {
            links.push(path);
        } else if kind.is_dir() {
            let reason = "is a repository of its own (a submodule or a nested checkout)";
            refused.push(unshippable(path, reason));
        } else {
            refused.push(unshippable(path, "is neither a file nor a folder"));
        }
    }
    let mut sorted = Sorted::default();
    for link in links {
        match behind(root, &link, &plain) {
            Ok(copies) => {
                sorted.files.extend(copies);
                sorted.copied_links.push(link);
            }
            Err(reason) => refused.push(unshippable(link, reason)),
        }
    }
    if !refused.is_empty() {
        return Err(CollectError::Unshippable(refused));
    }
    sorted
        .files
        .extend(plain.into_iter().map(|path| (path.clone(), path)));
    Ok(sorted)
}

fn unshippable(path: String, reason: impl Into<String>) -> Unshippable {
    Unshippable {
        path,
        reason: reason.into(),
    }
}

/// The files that a link stands for; or why it cannot be followed.
fn behind(
    root: &Path,
    link: &str,
    plain: &BTreeSet<String>,
) -> Result<Vec<(String, String)>, &'static str> {
    let target = root.join(link).canonicalize();
    let target = target.map_err(|_| "is a symbolic link that leads nowhere")?;
    let outside = "is a symbolic link that leaves the folder";
    let target = target.strip_prefix(root).map_err(|_| outside)?;
    let target = target
        .to_str()
        .ok_or("is a symbolic link to a name that is not UTF-8")?;
    if plain.contains(target) {
        return Ok(vec![(link.to_owned(), target.to_owned())]);
    }
    let folder = if target.is_empty() {
        String::new()
    } else {
        format!("{target}/")
    };
    if link.starts_with(&folder) {
        return Err("is a symbolic link to a folder around it");
    }
    let copies: Vec<_> = plain
        .range(folder.clone()..)
        .map_while(|path| Some((path, path.strip_prefix(&folder)?)))
        .map(|(path, rest)| (format!("{link}/{rest}"), path.clone()))
        .collect();
    if copies.is_empty() {
        return Err("is a symbolic link to what is not shipped (ignored, or empty)");
    }
    Ok(copies)
}

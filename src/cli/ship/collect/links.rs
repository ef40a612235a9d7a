//! Sorts the listed paths into files and links, and finds out what the links stand for.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
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
    let mut folders = Folders::default();
    for path in &listed {
        let full = root.join(path);
        // Git also lists tracked files whose folder became something else.
        let there = folders.are_real(root, path);
        if !there.map_err(|error| CollectError::io(&full, error))? {
            continue;
        }
        let metadata = match full.symlink_metadata() {
            Ok(metadata) => metadata,
            // Git also lists tracked files that were deleted in the folder.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(CollectError::io(&full, error)),
        };
        let kind = metadata.file_type();
        let path = path.clone();
        if kind.is_file() {
            plain.insert(path);
        } else if kind.is_symlink() {
            links.push(path);
        } else if kind.is_dir() && replaces_a_file(&full, &path, &listed) {
            // Its files are listed themselves.
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

/// Whether a listed folder stands where Git tracks a file.
fn replaces_a_file(full: &Path, path: &str, listed: &BTreeSet<String>) -> bool {
    let inside = format!("{path}/");
    let mut below = listed.range(inside.clone()..);
    let holds_files = below.next().is_some_and(|path| path.starts_with(&inside));
    holds_files && full.join(".git").symlink_metadata().is_err()
}

/// Folders that were looked at, relative to the root: whether they are there, and no links.
#[derive(Debug, Default)]
struct Folders(HashMap<PathBuf, bool>);

impl Folders {
    /// Whether everything above `path` is a folder of the root's own.
    fn are_real(&mut self, root: &Path, path: &str) -> io::Result<bool> {
        let above: Vec<&Path> = Path::new(path).ancestors().skip(1).collect();
        for folder in above.into_iter().rev().skip(1) {
            let real = match self.0.get(folder) {
                Some(real) => *real,
                None => {
                    let real = is_folder(&root.join(folder))?;
                    self.0.insert(folder.to_owned(), real);
                    real
                }
            };
            if !real {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn is_folder(path: &Path) -> io::Result<bool> {
    match path.symlink_metadata() {
        Ok(metadata) => Ok(metadata.is_dir()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
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

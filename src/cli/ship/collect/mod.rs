//! Collects the files of a folder as they are shipped.
//!
//! Ignore rules decide what belongs to it: Git's own when the folder is in a work tree, the
//! `.gitignore` files of the folder otherwise. A symbolic link to a shipped file or folder is
//! shipped as a copy of it, because commits made through the API hold plain files only; every
//! other link, and whatever else is neither file nor folder, is refused by name.

mod links;
mod list;
mod read;

use std::{
    fmt,
    path::{Path, PathBuf},
};

pub use read::Limits;

/// One file as it goes into the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Relative to the folder, separated by `/`.
    pub path: String,
    /// Whether its owner may execute it.
    pub executable: bool,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// What a folder holds to be shipped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// Sorted by path, each path once.
    pub files: Vec<SourceFile>,
    /// Links that were replaced by copies of what they point to, as paths of the links.
    pub copied_links: Vec<String>,
}

impl Source {
    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files
            .iter()
            .map(|file| file.content.len() as u64)
            .sum()
    }

    /// The file at `path`.
    pub fn file(&self, path: &str) -> Option<&SourceFile> {
        let found = self
            .files
            .binary_search_by(|file| file.path.as_str().cmp(path));
        found.ok().and_then(|index| self.files.get(index))
    }
}

/// An entry of the folder that cannot be part of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unshippable {
    /// Relative to the folder.
    pub path: String,
    /// Why, as a clause.
    pub reason: String,
}

impl fmt::Display for Unshippable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {}: {}", self.path.escape_debug(), self.reason)
    }
}

/// Why a folder cannot be shipped as it is.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The path names no folder.
    #[error("{} is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// The folder has no module description at its root.
    #[error("{} has no file module.yaml: it says what the module is and how to build it", .0.display())]
    NoModule(PathBuf),
    /// The module description is excluded.
    #[error("module.yaml is excluded by an ignore rule of {}", .0.display())]
    ModuleIgnored(PathBuf),
    /// Entries that a commit cannot hold.
    #[error("{} cannot be shipped:\n{}", count(.0.len(), "entry", "entries"), lines(.0))]
    Unshippable(Vec<Unshippable>),
    /// More files than a commit takes.
    #[error("the folder holds more than {limit} files; exclude generated ones with .gitignore")]
    TooManyFiles {
        /// The most files.
        limit: usize,
    },
    /// A file is larger than a commit takes.
    #[error("{path} has {size} bytes, more than the {limit} bytes that one file may have")]
    FileTooLarge {
        /// The file.
        path: String,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// All files together are larger than a commit takes.
    #[error(
        "the files have more than {limit} bytes together; exclude generated ones with .gitignore"
    )]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The file system does not answer.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// What was read.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
}

impl CollectError {
    fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

// A folder can hold thousands of links; the first few show what is wrong.
fn lines(entries: &[Unshippable]) -> String {
    const SHOWN: usize = 20;
    let mut text: Vec<String> = entries
        .iter()
        .take(SHOWN)
        .map(ToString::to_string)
        .collect();
    if entries.len() > SHOWN {
        text.push(format!("  … and {} more", entries.len() - SHOWN));
    }
    text.join("\n")
}

/// The name of the module description at the root of a module's folder.
pub(super) const MODULE_FILE: &str = "module.yaml";

/// Reads what `folder` holds to be shipped.
///
/// # Errors
/// [`CollectError`], naming the entries that break a rule.
pub fn collect(folder: &Path, limits: &Limits) -> Result<Source, CollectError> {
    let root = folder
        .canonicalize()
        .map_err(|_| CollectError::NotAFolder(folder.to_owned()))?;
    if !root.is_dir() {
        return Err(CollectError::NotAFolder(folder.to_owned()));
    }
    if !root.join(MODULE_FILE).is_file() {
        return Err(CollectError::NoModule(folder.to_owned()));
    }
    let listed = list::list(&root)?;
    if !listed.contains(MODULE_FILE) {
        return Err(CollectError::ModuleIgnored(folder.to_owned()));
    }
    let sorted = links::sort_out(&root, listed)?;
    read::read(&root, sorted, limits)
}

#[cfg(test)]
mod tests;

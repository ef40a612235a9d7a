//! The packages that lock files and installed packages name.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use crate::build::open_source;
use crate::spec::{FileContent, ImageFile};

use super::{cargo, npm, nuget, python};

/// Largest lock file that is read, in bytes.
const MAX_LOCK_FILE: u64 = 32 << 20;
/// Most packages that a bill names.
const MAX_PACKAGES: usize = 50_000;

/// Where a package comes from; its type in package URLs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ecosystem {
    /// crates.
    Cargo,
    /// npm packages.
    Npm,
    /// NuGet packages.
    Nuget,
    /// Python packages.
    Pypi,
}

/// A package that an image holds or was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// Where it comes from.
    pub ecosystem: Ecosystem,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Files that name it.
    pub places: BTreeSet<String>,
}

impl Dependency {
    /// Its package URL: `pkg:npm/%40scope/name@1.0.0`.
    #[must_use]
    pub fn package_url(&self) -> String {
        let kind = match self.ecosystem {
            Ecosystem::Cargo => "cargo",
            Ecosystem::Npm => "npm",
            Ecosystem::Nuget => "nuget",
            Ecosystem::Pypi => "pypi",
        };
        let name: Vec<String> = self.name.split('/').map(encoded).collect();
        format!("pkg:{kind}/{}@{}", name.join("/"), encoded(&self.version))
    }
}

fn encoded(text: &str) -> String {
    use std::fmt::Write;

    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Everything that was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dependencies {
    /// Packages, by ecosystem, name and version.
    pub found: Vec<Dependency>,
    /// Lock files that could not be read or understood.
    pub unreadable: Vec<String>,
}

impl Dependencies {
    /// Adds one, or the place to one that is known.
    pub fn add(&mut self, ecosystem: Ecosystem, name: &str, version: &str, place: &str) {
        let usable = |text: &str| {
            (1..=300).contains(&text.len()) && !text.chars().any(|c| c.is_control() || c == ' ')
        };
        if !usable(name) || !usable(version) {
            return;
        }
        let key = (ecosystem, name, version);
        let at = self
            .found
            .binary_search_by(|one| (one.ecosystem, &*one.name, &*one.version).cmp(&key));
        match at {
            Ok(index) => {
                self.found[index].places.insert(place.to_owned());
            }
            Err(index) if self.found.len() < MAX_PACKAGES => self.found.insert(
                index,
                Dependency {
                    ecosystem,
                    name: name.to_owned(),
                    version: version.to_owned(),
                    places: [place.to_owned()].into(),
                },
            ),
            Err(_) => {}
        }
    }
}

/// What a parser gives: name and version of each package, or nothing when it cannot read the file.
pub(super) type Parsed = Option<Vec<(String, String)>>;

/// Finds packages in lock files (`package-lock.json`, `Cargo.lock`, `requirements.txt`,
/// `*.deps.json`) and in installed packages (`node_modules`, `*.dist-info`). Reads local files.
///
/// A file that cannot be understood is named, and the rest is used.
#[must_use]
pub fn dependencies_of(files: &[ImageFile]) -> Dependencies {
    let mut all = Dependencies::default();
    let sorted: BTreeMap<&str, &ImageFile> = files
        .iter()
        .map(|file| (file.path.as_str(), file))
        .collect();
    for (path, file) in sorted {
        let Some((ecosystem, parser)) = reader_of(path) else {
            continue;
        };
        match text_of(file).and_then(|text| parser(&text)) {
            Some(packages) => {
                for (name, version) in packages {
                    all.add(ecosystem, &name, &version, path);
                }
            }
            None => all.unreadable.push(path.to_owned()),
        }
    }
    all
}

type Reader = (Ecosystem, fn(&str) -> Parsed);

fn reader_of(path: &str) -> Option<Reader> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    match name {
        "package-lock.json" | ".package-lock.json" | "npm-shrinkwrap.json" => {
            Some((Ecosystem::Npm, npm::lock_file))
        }
        "package.json" if npm::is_installed(folder) => Some((Ecosystem::Npm, npm::installed)),
        "Cargo.lock" => Some((Ecosystem::Cargo, cargo::lock_file)),
        "requirements.txt" => Some((Ecosystem::Pypi, python::requirements)),
        "METADATA" if folder.ends_with(".dist-info") => Some((Ecosystem::Pypi, python::metadata)),
        _ if name.ends_with(".deps.json") => Some((Ecosystem::Nuget, nuget::deps_file)),
        _ => None,
    }
}

fn text_of(file: &ImageFile) -> Option<String> {
    let mut content = Vec::new();
    match &file.content {
        FileContent::Bytes(bytes) => content.extend_from_slice(bytes),
        FileContent::Path(path) => {
            let (source, _) = open_source(path, &file.path).ok()?;
            source
                .take(MAX_LOCK_FILE + 1)
                .read_to_end(&mut content)
                .ok()?;
        }
        FileContent::Link(_) => return None,
    }
    if content.len() as u64 > MAX_LOCK_FILE {
        return None;
    }
    String::from_utf8(content).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn file(path: &str, text: &str) -> ImageFile {
        ImageFile {
            path: path.to_owned(),
            content: FileContent::Bytes(Bytes::copy_from_slice(text.as_bytes())),
            executable: false,
        }
    }

    #[test]
    fn packages_are_found_once_whatever_the_order_of_files() {
        let lock = "[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\n";
        let mut files = vec![
            file("a/Cargo.lock", lock),
            file("b/Cargo.lock", lock),
            file("requirements.txt", "Flask==3.0.0\n"),
            file(
                "package.json",
                "{\"name\": \"own\", \"version\": \"1.0.0\"}",
            ),
        ];
        let forward = dependencies_of(&files);
        files.reverse();
        assert_eq!(forward, dependencies_of(&files));
        let urls: Vec<String> = forward.found.iter().map(Dependency::package_url).collect();
        assert_eq!(urls, ["pkg:cargo/serde@1.0.0", "pkg:pypi/flask@3.0.0"]);
        assert_eq!(forward.found[0].places.len(), 2);
    }

    #[test]
    fn a_lock_file_that_cannot_be_read_is_named() {
        let found = dependencies_of(&[file("package-lock.json", "{"), file("Cargo.lock", "= =")]);
        assert_eq!(found.unreadable, ["Cargo.lock", "package-lock.json"]);
    }
}

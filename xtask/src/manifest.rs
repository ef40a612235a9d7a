//! What the rules need of a Cargo.toml, with lines.

use std::ops::Range;

use thiserror::Error;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

const DEPENDENCY_TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// A Cargo.toml that is not TOML.
#[derive(Debug, Error)]
#[error("{path}: {message}")]
pub(crate) struct ManifestError {
    path: String,
    message: String,
}

/// One Cargo.toml.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// Path of the file, relative to the root.
    pub(crate) path: String,
    /// The package and its line; none in a pure workspace manifest.
    pub(crate) package: Option<(String, usize)>,
    /// Dependencies of all tables: normal, dev, build and per target.
    pub(crate) dependencies: Vec<Dependency>,
    /// `[lints] workspace = true` is there.
    pub(crate) inherits_lints: bool,
    /// `workspace.members`, when this is the workspace's root.
    pub(crate) members: Option<Vec<String>>,
    /// `workspace.dependencies` that rename a package: key → package.
    pub(crate) renames: Vec<(String, String)>,
}

/// One line of a dependency table.
#[derive(Debug)]
pub(crate) struct Dependency {
    /// The key it stands under.
    pub(crate) key: String,
    /// `package = …`, where it renames.
    pub(crate) package: Option<String>,
    /// Line in the Cargo.toml.
    pub(crate) line: usize,
    /// `workspace = true`.
    pub(crate) from_workspace: bool,
    /// It asks for features of its own.
    pub(crate) adds_features: bool,
}

type Entry<'a, 'i> = (&'a Spanned<DeString<'i>>, &'a Spanned<DeValue<'i>>);

impl Manifest {
    /// Reads a manifest; fails when it is no TOML.
    pub(crate) fn parse(path: &str, text: &str) -> Result<Self, ManifestError> {
        let document = DeTable::parse(text).map_err(|error| ManifestError {
            path: path.to_owned(),
            message: error.message().to_owned(),
        })?;
        let top = document.get_ref();
        let workspace = table(top, "workspace");
        Ok(Self {
            path: path.to_owned(),
            package: table(top, "package").and_then(|package| package_name(package, text)),
            dependencies: dependencies(top, text),
            inherits_lints: table(top, "lints").is_some_and(|lints| flag(lints, "workspace")),
            members: workspace.map(|table| strings(table, "members")),
            renames: workspace
                .and_then(|workspace| table(workspace, "dependencies"))
                .map(renames)
                .unwrap_or_default(),
        })
    }

    /// The folder of the crate, relative to the root, "" for the root itself.
    pub(crate) fn folder(&self) -> &str {
        self.path
            .strip_suffix("Cargo.toml")
            .unwrap_or_default()
            .trim_end_matches('/')
    }
}

fn package_name(package: &DeTable<'_>, text: &str) -> Option<(String, usize)> {
    let name = package.get("name")?;
    Some((string(name)?, line(text, name.span())))
}

fn dependencies(top: &DeTable<'_>, text: &str) -> Vec<Dependency> {
    let targets = table(top, "target").into_iter().flat_map(|targets| {
        targets
            .iter()
            .filter_map(|(_, target)| target.get_ref().as_table())
    });
    std::iter::once(top)
        .chain(targets)
        .flat_map(|owner| DEPENDENCY_TABLES.map(|name| table(owner, name)))
        .flatten()
        .flat_map(|table| table.iter().map(|entry| dependency(entry, text)))
        .collect()
}

fn dependency((key, value): Entry<'_, '_>, text: &str) -> Dependency {
    let details = value.get_ref().as_table();
    Dependency {
        key: key.get_ref().to_string(),
        package: details
            .and_then(|table| table.get("package"))
            .and_then(string),
        line: line(text, key.span()),
        from_workspace: details.is_some_and(|table| flag(table, "workspace")),
        adds_features: details.is_some_and(|table| table.get("features").is_some()),
    }
}

fn renames(dependencies: &DeTable<'_>) -> Vec<(String, String)> {
    dependencies
        .iter()
        .filter_map(|(key, value)| {
            let package = string(value.get_ref().as_table()?.get("package")?)?;
            Some((key.get_ref().to_string(), package))
        })
        .collect()
}

fn table<'a, 'i>(owner: &'a DeTable<'i>, name: &str) -> Option<&'a DeTable<'i>> {
    owner.get(name)?.get_ref().as_table()
}

fn flag(owner: &DeTable<'_>, name: &str) -> bool {
    owner
        .get(name)
        .and_then(|value| value.get_ref().as_bool())
        .unwrap_or(false)
}

fn string(value: &Spanned<DeValue<'_>>) -> Option<String> {
    value.get_ref().as_str().map(str::to_owned)
}

fn strings(owner: &DeTable<'_>, name: &str) -> Vec<String> {
    let array = owner.get(name).and_then(|value| value.get_ref().as_array());
    array
        .map(|array| array.iter().filter_map(string).collect())
        .unwrap_or_default()
}

/// The line, from 1, on which a span starts.
fn line(text: &str, span: Range<usize>) -> usize {
    let before = text.as_bytes().get(..span.start).unwrap_or_default();
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"[package]
name = "sluice-a"

[lints]
workspace = true

[dependencies]
one.workspace = true
two = { workspace = true, features = ["x"] }

[dev-dependencies]
three = "1"

[target.'cfg(unix)'.dependencies]
four = { version = "1", package = "five" }

[workspace]
members = ["a", "services/*"]

[workspace.dependencies]
orm = { version = "2", package = "sea-orm" }
"#;

    fn manifest() -> Manifest {
        Manifest::parse("services/a/Cargo.toml", TEXT).unwrap()
    }

    #[test]
    fn every_dependency_table_is_read_with_its_lines() {
        let found: Vec<_> = manifest()
            .dependencies
            .iter()
            .map(|d| (d.key.clone(), d.line))
            .collect();
        let expected = [("one", 8), ("two", 9), ("three", 12), ("four", 15)];
        assert_eq!(found, expected.map(|(key, line)| (key.to_owned(), line)));
    }

    #[test]
    fn inheritance_features_and_renames_are_seen() {
        let manifest = manifest();
        let [one, two, three, four] = &manifest.dependencies[..] else {
            panic!("four dependencies");
        };
        assert!(one.from_workspace && !one.adds_features);
        assert!(two.from_workspace && two.adds_features);
        assert!(!three.from_workspace);
        assert_eq!(four.package.as_deref(), Some("five"));
        assert_eq!(manifest.renames, [("orm".to_owned(), "sea-orm".to_owned())]);
        assert!(manifest.inherits_lints);
    }

    #[test]
    fn package_members_and_folder_are_read() {
        let manifest = manifest();
        assert_eq!(manifest.package, Some(("sluice-a".to_owned(), 2)));
        assert_eq!(manifest.folder(), "services/a");
        assert_eq!(manifest.members.unwrap(), ["a", "services/*"]);
        assert_eq!(Manifest::parse("Cargo.toml", "").unwrap().folder(), "");
    }

    #[test]
    fn a_manifest_that_is_no_toml_is_named() {
        let error = Manifest::parse("x/Cargo.toml", "[package").unwrap_err();
        assert!(error.to_string().starts_with("x/Cargo.toml: "));
    }
}

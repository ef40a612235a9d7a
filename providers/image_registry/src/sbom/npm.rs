//! npm's lock files and installed packages.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::dependencies::Parsed;

const MAX_DEPTH: usize = 64;

#[derive(Deserialize)]
struct LockFile {
    packages: Option<BTreeMap<String, Package>>,
    dependencies: Option<BTreeMap<String, Nested>>,
}

#[derive(Deserialize)]
struct Package {
    name: Option<String>,
    version: Option<String>,
    #[serde(default)]
    link: bool,
}

#[derive(Deserialize)]
struct Nested {
    version: Option<String>,
    dependencies: Option<BTreeMap<String, Nested>>,
}

/// `package-lock.json` of versions 1 (nested `dependencies`), 2 and 3 (flat `packages`).
pub(super) fn lock_file(text: &str) -> Parsed {
    let lock: LockFile = serde_json::from_str(text).ok()?;
    let mut found = Vec::new();
    if let Some(packages) = lock.packages {
        for (path, package) in packages {
            // Others are the project itself, its workspaces and links to them.
            let Some((_, name)) = path.rsplit_once("node_modules/") else {
                continue;
            };
            if let (Some(version), false) = (package.version, package.link) {
                found.push((package.name.unwrap_or_else(|| name.to_owned()), version));
            }
        }
    } else {
        nested(lock.dependencies.unwrap_or_default(), MAX_DEPTH, &mut found);
    }
    Some(found)
}

fn nested(all: BTreeMap<String, Nested>, depth: usize, found: &mut Vec<(String, String)>) {
    for (name, package) in all {
        if let Some(version) = package.version {
            found.push((name, version));
        }
        if let (Some(inner), 1..) = (package.dependencies, depth) {
            nested(inner, depth - 1, found);
        }
    }
}

/// Whether a folder is that of an installed package: `…/node_modules/name` or `…/@scope/name`.
pub(super) fn is_installed(folder: &str) -> bool {
    let mut parts = folder.rsplit('/');
    let _name = parts.next();
    match parts.next() {
        Some("node_modules") => true,
        Some(scope) if scope.starts_with('@') => parts.next() == Some("node_modules"),
        _ => false,
    }
}

/// The `package.json` of an installed package.
pub(super) fn installed(text: &str) -> Parsed {
    let package: Package = serde_json::from_str(text).ok()?;
    Some(package.name.zip(package.version).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, version: &str) -> (String, String) {
        (name.to_owned(), version.to_owned())
    }

    #[test]
    fn flat_and_nested_lock_files_are_read() {
        let flat = r#"{"lockfileVersion": 3, "packages": {
            "": {"name": "own", "version": "1.0.0"},
            "packages/mine": {"version": "1.0.0"},
            "node_modules/mine": {"resolved": "packages/mine", "link": true},
            "node_modules/@a/b": {"version": "2.0.0"},
            "node_modules/@a/b/node_modules/c": {"version": "3.0.0"}}}"#;
        let expected = [pair("@a/b", "2.0.0"), pair("c", "3.0.0")];
        assert_eq!(lock_file(flat).unwrap(), expected);
        let nested = r#"{"lockfileVersion": 1, "dependencies": {
            "@a/b": {"version": "2.0.0", "dependencies": {"c": {"version": "3.0.0"}}}}}"#;
        assert_eq!(lock_file(nested).unwrap(), expected);
    }

    #[test]
    fn only_packages_in_node_modules_count_as_installed() {
        assert!(is_installed("node_modules/a"));
        assert!(is_installed("x/node_modules/@s/a"));
        assert!(!is_installed(""));
        assert!(!is_installed("src/a"));
        assert!(!is_installed("node_modules/a/esm"));
    }
}

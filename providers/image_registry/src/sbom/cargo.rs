//! Cargo's lock file.

use serde::Deserialize;

use super::dependencies::Parsed;

#[derive(Deserialize)]
struct LockFile {
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

/// `Cargo.lock`.
pub(super) fn lock_file(text: &str) -> Parsed {
    let lock: LockFile = toml::from_str(text).ok()?;
    let pairs = lock.package.into_iter().map(|one| (one.name, one.version));
    Some(pairs.collect())
}

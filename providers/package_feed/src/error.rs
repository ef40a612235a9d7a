//! What a package feed refuses, and how it fails.

/// Result of every operation on packages and feeds.
pub type Result<T, E = PackageFeedError> = std::result::Result<T, E>;

/// Why an operation on a package or a feed did not happen.
///
/// No message names a folder of this machine: what the system said is in `source`, for logs.
#[derive(Debug, thiserror::Error)]
pub enum PackageFeedError {
    /// A value breaks a rule: a name, a version, or a part of a package's description.
    #[error("{field} `{value}` is not valid: {rule}")]
    Invalid {
        /// The part, for example `version` or `dependencies[2].range`.
        field: String,
        /// The value as given, cut to 200 characters.
        value: String,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// The path of a file for a package breaks a rule.
    #[error("path `{path}` is refused: {rule}")]
    InvalidPath {
        /// The path as given, cut to 200 characters.
        path: String,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// A package that came from outside is not one, or not a safe one.
    #[error("the package is refused{}: {rule}", entry.as_ref().map(|e| format!(" at `{e}`")).unwrap_or_default())]
    InvalidPackage {
        /// The entry of the archive that is at fault, cut to 200 characters.
        entry: Option<String>,
        /// The rule that it breaks.
        rule: PackageRule,
    },
    /// The feed has no such package or version.
    #[error("{what} was not found")]
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// The feed holds this version with other content.
    #[error("{package} is published with other content (SHA-512 {sha512})")]
    Conflict {
        /// The id and the version.
        package: String,
        /// SHA-512 of the published package, in base 64.
        sha512: String,
    },
    /// Something is larger than the configured limit.
    #[error("{what} is over the limit of {limit}")]
    TooLarge {
        /// What was measured, with its unit.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// The file system failed.
    #[error("storage failed while {doing}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// The rule that a package from outside breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageRule {
    /// The bytes are no zip archive that can be read in one way only.
    #[error("it is not a plain zip archive: {0}")]
    NotZip(&'static str),
    /// An entry's name could leave the folder that the package is unpacked into.
    #[error("the name of the entry is not safe: {0}")]
    UnsafeName(&'static str),
    /// Two entries have names that some file system takes for one.
    #[error("two entries have this name, case aside")]
    Duplicate,
    /// The entry is a symbolic link or a device.
    #[error("it is not a regular file")]
    NotRegular,
    /// The content is not what its header says.
    #[error("the content does not match its size or checksum")]
    Corrupt,
    /// There is no `.nuspec` at the root.
    #[error("a package has one .nuspec at its root, this one has none")]
    NoNuspec,
    /// There is more than one `.nuspec` at the root.
    #[error("a package has one .nuspec at its root, this one has several")]
    SeveralNuspecs,
    /// The `.nuspec` is not XML that can be read, or not a package description.
    #[error("the .nuspec is not valid: {0}")]
    Nuspec(String),
}

impl PackageFeedError {
    pub(crate) fn invalid(field: impl Into<String>, value: &str, rule: &'static str) -> Self {
        Self::Invalid {
            field: field.into(),
            value: cut(value),
            rule,
        }
    }

    pub(crate) fn path(path: &str, rule: &'static str) -> Self {
        Self::InvalidPath {
            path: cut(path),
            rule,
        }
    }

    pub(crate) fn package(rule: PackageRule) -> Self {
        Self::InvalidPackage { entry: None, rule }
    }

    pub(crate) fn entry(name: &str, rule: PackageRule) -> Self {
        Self::InvalidPackage {
            entry: Some(cut(name)),
            rule,
        }
    }

    pub(crate) fn not_zip(rule: &'static str) -> Self {
        Self::package(PackageRule::NotZip(rule))
    }

    pub(crate) fn too_large(what: impl Into<String>, limit: u64) -> Self {
        Self::TooLarge {
            what: what.into(),
            limit,
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(200).collect()
}

/// Turns a file system error into [`PackageFeedError::Io`], naming what was being done.
pub(crate) trait DoingIo<T> {
    fn doing_io(self, doing: &'static str) -> Result<T>;
}

impl<T> DoingIo<T> for std::io::Result<T> {
    fn doing_io(self, doing: &'static str) -> Result<T> {
        self.map_err(|source| PackageFeedError::Io { doing, source })
    }
}

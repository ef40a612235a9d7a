//! What is wrong with the settings.

use std::path::PathBuf;

/// Why the settings cannot be used. Messages name the key and where its value came from.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{path}: {message}", path = path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// Place and rule.
        message: String,
    },
    /// The file holds a key that means nothing.
    #[error("{path}: unknown key `{key}`; `sluice serve --help` lists all settings", path = path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
    },
    /// A value does not fit its key.
    #[error("{key} ({origin}): {rule}")]
    Invalid {
        /// The key.
        key: &'static str,
        /// Where the value came from.
        origin: String,
        /// The rule that it breaks.
        rule: String,
    },
    /// A setting that the mode demands is missing.
    #[error("{key} is required in the {mode} mode: set {variable} or the flag {flag}")]
    Required {
        /// The key.
        key: &'static str,
        /// The mode.
        mode: &'static str,
        /// Its variable.
        variable: String,
        /// Its flag.
        flag: String,
    },
}

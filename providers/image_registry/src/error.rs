//! What an image registry refuses, and how it fails.

use sluice_schema::{ErrorCode, Fault};

use crate::Digest;

/// Result of every image registry operation.
pub type Result<T, E = ImageError> = std::result::Result<T, E>;

/// Any error of a library, kept for the log.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why an image registry operation did not happen.
///
/// The messages of the variants that hold a source name only what was being done; what went wrong
/// inside belongs in logs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// An image name, tag or digest breaks a rule.
    #[error("{what} `{name}` is not valid: {rule}")]
    InvalidName {
        /// The kind of name, for example `tag`.
        what: &'static str,
        /// The name as given, cut to 200 characters.
        name: String,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// A part of the image's description breaks a rule.
    #[error("{field} is not valid: {rule}")]
    InvalidSpec {
        /// The part, for example `files[bin/run].path` or `env[PATH]`.
        field: String,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// A file for the image cannot be read, or changed while it was.
    #[error("file `{path}` cannot be put into the image: {rule}")]
    SourceFile {
        /// Its path in the image, below the target folder.
        path: String,
        /// What is wrong with it.
        rule: &'static str,
    },
    /// The image, its base or an attachment does not exist.
    #[error("{what} was not found")]
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// A tag that does not move points at another image.
    #[error("tag `{tag}` already names {digest} and does not move")]
    TagTaken {
        /// The tag.
        tag: String,
        /// The image that it names.
        digest: Digest,
    },
    /// The base image cannot be built upon.
    #[error("the base image cannot be used: {rule}")]
    BaseUnusable {
        /// Why.
        rule: &'static str,
    },
    /// Something is larger than the configured limit.
    #[error("{what} is over the limit of {limit}")]
    TooLarge {
        /// What was measured, with its unit.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// A setting of the remote registry breaks a rule.
    #[error("the registry setting {field} is not valid: {rule}")]
    InvalidConfig {
        /// The setting.
        field: &'static str,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// The registry does not accept the credentials that the server was given.
    #[error("the registry refuses the server's credentials for this repository")]
    Unauthorized,
    /// The registry does not answer, or asks to come back later. Worth retrying.
    #[error("the registry did not answer while {doing}")]
    Unreachable {
        /// What was being done.
        doing: &'static str,
        /// What the client said.
        #[source]
        source: BoxError,
    },
    /// The registry answered with something that it should not.
    #[error("the registry failed while {doing}")]
    Registry {
        /// What was being done.
        doing: &'static str,
        /// What the client said.
        #[source]
        source: BoxError,
    },
    /// Stored content does not have the digest under which it is stored, or is not what it should be.
    #[error("{what} is damaged")]
    Damaged {
        /// What was read.
        what: String,
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

impl ImageError {
    pub(crate) fn name(what: &'static str, name: &str, rule: &'static str) -> Self {
        Self::InvalidName {
            what,
            name: name.chars().take(200).collect(),
            rule,
        }
    }

    pub(crate) fn spec(field: impl Into<String>, rule: &'static str) -> Self {
        Self::InvalidSpec {
            field: field.into().chars().take(300).collect(),
            rule,
        }
    }

    pub(crate) fn not_found(what: impl std::fmt::Display) -> Self {
        Self::NotFound {
            what: what.to_string(),
        }
    }

    pub(crate) fn too_large(what: impl Into<String>, limit: u64) -> Self {
        Self::TooLarge {
            what: what.into(),
            limit,
        }
    }

    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }
}

impl Fault for ImageError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidName { .. } | Self::InvalidSpec { .. } | Self::SourceFile { .. } => {
                ErrorCode::InvalidInput
            }
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::TagTaken { .. } => ErrorCode::Conflict,
            Self::BaseUnusable { .. } | Self::Unauthorized => ErrorCode::FailedPrecondition,
            Self::TooLarge { .. } => ErrorCode::LimitExceeded,
            Self::Unreachable { .. } => ErrorCode::Unavailable,
            Self::InvalidConfig { .. }
            | Self::Registry { .. }
            | Self::Damaged { .. }
            | Self::Io { .. } => ErrorCode::Internal,
        }
    }

    fn field(&self) -> Option<String> {
        match self {
            Self::InvalidSpec { field, .. } => Some(field.clone()),
            Self::SourceFile { path, .. } => Some(format!("files[{path}]")),
            Self::InvalidName { what, .. } => Some((*what).to_owned()),
            Self::BaseUnusable { .. } => Some("base".to_owned()),
            _ => None,
        }
    }
}

/// Turns a file system error into [`ImageError::Io`], naming what was being done.
pub(crate) trait DoingIo<T> {
    fn doing_io(self, doing: &'static str) -> Result<T>;
}

impl<T> DoingIo<T> for std::io::Result<T> {
    fn doing_io(self, doing: &'static str) -> Result<T> {
        self.map_err(|source| ImageError::Io { doing, source })
    }
}

/// Runs blocking work off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(stopped) => Err(ImageError::Io {
            doing,
            source: std::io::Error::other(stopped),
        }),
    }
}

//! What an engine refuses, and how it fails.

use sluice_schema::{ErrorCode, Fault, Finding};

/// Result of every engine operation.
pub type Result<T, E = EngineError> = std::result::Result<T, E>;

/// Why an operation did not happen. No message names an absolute path or shows a secret.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A part of the input breaks a rule.
    #[error("{field} {rule}")]
    InvalidInput {
        /// The part.
        field: &'static str,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// The program is wrong.
    #[error("the infrastructure program has {} findings", .0.len())]
    InvalidProgram(Vec<Finding>),
    /// The program needs a server that the engine is not configured with.
    #[error("{resource} needs {server}, which this server is not configured with")]
    NotConfigured {
        /// Name of the first such resource.
        resource: String,
        /// What is missing: `a PostgreSQL server` or `a Redis server`.
        server: &'static str,
    },
    /// What the plan was made from is no longer so.
    #[error("the plan is stale: {cause}; plan again")]
    Stale {
        /// What changed.
        cause: StaleCause,
    },
    /// The plan would delete or replace protected resources; nothing was done.
    #[error("protected resources would be deleted or replaced: {}", .urns.join(", "))]
    Protected {
        /// Their URNs.
        urns: Vec<String>,
    },
    /// Another operation works on the stack at the moment. Worth retrying.
    #[error("another operation works on this stack")]
    Locked,
    /// Something is larger than its limit.
    #[error("{what} is over the limit of {limit}")]
    TooLarge {
        /// What was measured, with its unit.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// A file of the engine cannot be understood.
    #[error("{what} is damaged")]
    Corrupt {
        /// Which one.
        what: &'static str,
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
    /// The engine stopped in the middle; the operation is finished when it is called again.
    #[error("the operation was interrupted")]
    Interrupted,
}

/// What made a plan stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StaleCause {
    /// The stack was changed since.
    #[error("it was made against state {planned}, the stack is at {actual}")]
    State {
        /// Serial of the state that the plan was made against.
        planned: u64,
        /// Serial of the state now.
        actual: u64,
    },
    /// It was made from another program.
    #[error("it was made from another program")]
    Program,
    /// The values of secrets changed since.
    #[error("values of the program changed since")]
    Values,
    /// It was made for another stack.
    #[error("it was made for another stack")]
    Stack,
}

impl Fault for EngineError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidInput { .. } => ErrorCode::InvalidInput,
            Self::InvalidProgram(_) => ErrorCode::InvalidProgram,
            Self::NotConfigured { .. } => ErrorCode::FailedPrecondition,
            Self::Stale { .. } => ErrorCode::StalePlan,
            Self::Protected { .. } => ErrorCode::ProtectedResource,
            Self::Locked | Self::Interrupted => ErrorCode::Unavailable,
            Self::TooLarge { .. } => ErrorCode::LimitExceeded,
            Self::Corrupt { .. } | Self::Io { .. } => ErrorCode::Internal,
        }
    }

    fn field(&self) -> Option<String> {
        match self {
            Self::InvalidInput { field, .. } => Some((*field).to_owned()),
            _ => None,
        }
    }

    fn findings(&self) -> Vec<Finding> {
        match self {
            Self::InvalidProgram(findings) => findings.clone(),
            _ => Vec::new(),
        }
    }
}

/// Why one step of a plan failed. The steps before it stand; those after it were not begun.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// Something that the engine did not make is in the resource's place.
    #[error("{location} is taken by something that this stack did not make")]
    Taken {
        /// The place: a path in the stack's folder, a database or a namespace.
        location: String,
    },
    /// A path leads through a symbolic link, or through a file.
    #[error("{location} leads through something that is no directory")]
    Detour {
        /// The path in the stack's folder.
        location: String,
    },
    /// A directory that still holds something was to be deleted.
    #[error("{location} is not empty; set forceDestroy to delete what is in it")]
    NotEmpty {
        /// The path in the stack's folder.
        location: String,
    },
    /// A database refused the schema.
    #[error("the schema was refused: {message}")]
    Schema {
        /// What the database said.
        message: String,
    },
    /// The kind needs a server that the engine is not configured with.
    #[error("this server is not configured with {server}")]
    NotConfigured {
        /// Which one.
        server: &'static str,
    },
    /// The state or the plan names a kind that this version does not know.
    #[error("this version does not know the kind of the resource")]
    UnknownKind,
    /// The file system failed.
    #[error("storage failed while {doing}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A server or library failed.
    #[error("{what} failed while {doing}")]
    Server {
        /// Which one.
        what: &'static str,
        /// What was being done.
        doing: &'static str,
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StepError {
    /// Whether the same step may succeed later, unchanged.
    #[must_use]
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Io { .. } | Self::Server { .. })
    }
}

/// Turns an error of the file system into one that names what was being done.
pub(crate) trait Io<T, E> {
    fn doing(self, doing: &'static str) -> Result<T, E>;
}

impl<T> Io<T, EngineError> for std::io::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, EngineError> {
        self.map_err(|source| EngineError::Io { doing, source })
    }
}

impl<T> Io<T, StepError> for std::io::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, StepError> {
        self.map_err(|source| StepError::Io { doing, source })
    }
}

/// Turns an error of a server or library into one that names it.
pub(crate) trait OfServer<T> {
    fn of(self, what: &'static str, doing: &'static str) -> Result<T, StepError>;
}

impl<T, E: Into<Box<dyn std::error::Error + Send + Sync>>> OfServer<T> for Result<T, E> {
    fn of(self, what: &'static str, doing: &'static str) -> Result<T, StepError> {
        self.map_err(|source| StepError::Server {
            what,
            doing,
            source: source.into(),
        })
    }
}

//! What a renderer refuses.

use sluice_schema::{ErrorCode, Fault, Finding};

/// Result of every operation of a renderer.
pub type Result<T, E = RenderError> = std::result::Result<T, E>;

/// Why manifests were not rendered.
///
/// Paths are those of the tree that was given, never of a disk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The module gives nothing that an environment could hold.
    #[error("the module `{module}` has nothing to deploy: {reason}")]
    NothingToDeploy {
        /// The module's name.
        module: String,
        /// What it lacks.
        reason: &'static str,
    },
    /// A fact about the module breaks a rule.
    #[error("{field} is not valid: {rule}")]
    InvalidFact {
        /// The fact, for example `autoscale.min`.
        field: String,
        /// The rule that it breaks.
        rule: String,
    },
    /// A path of the tree, or in one of its files, breaks a rule.
    #[error("path `{path}` is refused: {rule}")]
    InvalidPath {
        /// The path as given, cut to 200 characters.
        path: String,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// A file names another that is not in the tree.
    #[error("{file}: {field} names `{path}`, which is not there")]
    Missing {
        /// The file that names it.
        file: String,
        /// The field that names it.
        field: String,
        /// The path as it stands there.
        path: String,
    },
    /// A file is no YAML that can be taken.
    #[error("{file}: line {line}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// Its line, from 1.
        line: u32,
        /// What is wrong.
        message: String,
    },
    /// A field that nobody would read.
    #[error("{file}: {field} is not known{}", hint(.nearest.as_deref()))]
    UnknownField {
        /// The file.
        file: String,
        /// The field with its path, for example `images[0].newTga`.
        field: String,
        /// The known field that it looks like.
        nearest: Option<String>,
    },
    /// A field of Kustomize that is deliberately not taken.
    #[error("{file}: {field} is not supported: {reason}")]
    Unsupported {
        /// The file.
        file: String,
        /// The field.
        field: String,
        /// Why, and what to do instead.
        reason: &'static str,
    },
    /// A field holds what it must not.
    #[error("{file}: {field} is not valid: {rule}")]
    InvalidField {
        /// The file.
        file: String,
        /// The field with its path.
        field: String,
        /// The rule that it breaks.
        rule: String,
    },
    /// Two objects of one kind, namespace and name.
    #[error("{file}: {object} is there a second time")]
    Duplicate {
        /// The file in which the second stands or through which it came.
        file: String,
        /// The object, as `kind namespace/name`.
        object: String,
    },
    /// Rendered objects break rules of Kubernetes.
    #[error("{} of the rendered objects' fields are not valid; the first: {}", .0.len(), first(.0))]
    InvalidObjects(Vec<Finding>),
    /// More than a limit allows.
    #[error("{what} is over the limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: String,
        /// The limit, in the unit that `what` names.
        limit: usize,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |known| format!("; did you mean `{known}`?"))
}

fn first(findings: &[Finding]) -> String {
    findings.first().map_or_else(String::new, |found| {
        format!("{}: {}", found.file, found.message)
    })
}

/// The text, cut to 200 characters for a message.
pub(crate) fn cut(text: &str) -> String {
    text.chars().take(200).collect()
}

impl RenderError {
    pub(crate) fn field(file: &str, field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::InvalidField {
            file: file.to_owned(),
            field: field.into(),
            rule: rule.into(),
        }
    }

    pub(crate) fn fact(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::InvalidFact {
            field: field.into(),
            rule: rule.into(),
        }
    }

    /// Stable kebab-case name of the rule and the line, for errors that a file is to blame for.
    fn place(&self) -> Option<(&str, Option<u32>, &'static str)> {
        match self {
            Self::Missing { file, .. } => Some((file, None, "missing-file")),
            Self::Syntax { file, line, .. } => Some((file, Some(*line), "yaml-syntax")),
            Self::UnknownField { file, .. } => Some((file, None, "unknown-field")),
            Self::Unsupported { file, .. } => Some((file, None, "unsupported-field")),
            Self::InvalidField { file, .. } => Some((file, None, "invalid-field")),
            Self::Duplicate { file, .. } => Some((file, None, "duplicate-object")),
            Self::InvalidPath { path, .. } => Some((path, None, "invalid-path")),
            _ => None,
        }
    }
}

impl Fault for RenderError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::NothingToDeploy { .. } => ErrorCode::FailedPrecondition,
            Self::TooLarge { .. } => ErrorCode::LimitExceeded,
            _ => ErrorCode::InvalidInput,
        }
    }

    fn field(&self) -> Option<String> {
        match self {
            Self::InvalidFact { field, .. } => Some(field.clone()),
            _ => None,
        }
    }

    fn findings(&self) -> Vec<Finding> {
        if let Self::InvalidObjects(findings) = self {
            return findings.clone();
        }
        let Some((file, line, rule)) = self.place() else {
            return Vec::new();
        };
        vec![Finding {
            file: file.to_owned(),
            line,
            rule: rule.to_owned(),
            message: self.to_string(),
        }]
    }
}

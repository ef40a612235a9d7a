//! What is wrong, and where.

use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// No pipeline can be generated.
    Error,
    /// A pipeline is generated, but probably not the one that was meant.
    Warning,
}

/// One thing wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The file, from the root of the repository.
    pub file: String,
    /// 1-based line.
    pub line: u32,
    /// 1-based column, in characters.
    pub column: u32,
    /// A stable name of the rule, in kebab case.
    pub rule: String,
    /// What is wrong and what would be right. Never holds a value that may be secret.
    pub message: String,
    /// How bad it is.
    pub severity: Severity,
}

/// A place in the file, 1-based.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) column: u32,
}

pub(super) const START: Position = Position { line: 1, column: 1 };

impl Finding {
    pub(super) fn error(at: Position, rule: &str, message: impl Into<String>) -> Self {
        Self::new(at, rule, message.into(), Severity::Error)
    }

    pub(super) fn warning(at: Position, rule: &str, message: impl Into<String>) -> Self {
        Self::new(at, rule, message.into(), Severity::Warning)
    }

    fn new(at: Position, rule: &str, message: String, severity: Severity) -> Self {
        let file = super::FILE.to_owned();
        Self {
            file,
            line: at.line,
            column: at.column,
            rule: rule.to_owned(),
            message,
            severity,
        }
    }
}

//! What can be wrong with a report.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The report formats that are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ReportFormat {
    /// JUnit XML as written by surefire, pytest, node, cargo-nextest, gtest and many others.
    Junit,
    /// Visual Studio test results, as written by `dotnet test --logger trx`.
    Trx,
    /// Cobertura XML coverage.
    Cobertura,
}

impl ReportFormat {
    /// The lower-case name: `junit`, `trx` or `cobertura`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Junit => "junit",
            Self::Trx => "trx",
            Self::Cobertura => "cobertura",
        }
    }
}

impl fmt::Display for ReportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A format name that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown report format {0:?}; known are junit, trx (also called VSTest) and cobertura")]
pub struct UnknownFormat(pub String);

impl FromStr for ReportFormat {
    type Err = UnknownFormat;

    /// Reads a format name in any case; `vstest` is what Azure Pipelines calls TRX.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name.to_ascii_lowercase().as_str() {
            "junit" => Ok(Self::Junit),
            "trx" | "vstest" => Ok(Self::Trx),
            "cobertura" => Ok(Self::Cobertura),
            _ => Err(UnknownFormat(name.chars().take(64).collect())),
        }
    }
}

/// A report that could not be read: which format was expected, which rule it broke, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{format} report, line {line} (byte {offset}): {rule}")]
pub struct ParseError {
    /// The format the report was read as.
    pub format: ReportFormat,
    /// The rule that was broken.
    pub rule: ParseRule,
    /// 1-based line at which the broken construct starts.
    pub line: u64,
    /// Byte offset at which the broken construct starts.
    pub offset: u64,
}

/// The rules a report must keep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseRule {
    /// The file has no element at all.
    #[error("the report is empty")]
    Empty,
    /// The text is not well-formed XML.
    #[error("not well-formed XML: {detail}")]
    NotXml {
        /// What the reader found.
        detail: String,
    },
    /// The report ends inside an element.
    #[error("the report ends before <{element}> is closed")]
    Unclosed {
        /// The innermost open element.
        element: String,
    },
    /// The bytes are not UTF-8.
    #[error("the report must be UTF-8, but it is {found}")]
    UnsupportedEncoding {
        /// What the bytes look like.
        found: String,
    },
    /// Another kind of document.
    #[error("the root element is <{found}>; expected {expected}")]
    UnexpectedRoot {
        /// The root element found.
        found: String,
        /// The root elements of this format.
        expected: &'static str,
    },
    /// A document type with declarations of its own; entities are never declared or fetched.
    #[error("a document type must not declare anything itself")]
    DocumentType,
    /// A reference to an entity that XML does not define itself.
    #[error("the entity &{name}; is not defined")]
    UnknownEntity {
        /// The name between `&` and `;`.
        name: String,
    },
    /// More bytes than [`crate::Limits::max_bytes`].
    #[error("the report is larger than {max} bytes")]
    TooLarge {
        /// The limit in bytes.
        max: u64,
    },
    /// Deeper nesting than [`crate::Limits::max_depth`].
    #[error("elements are nested deeper than {max}")]
    TooDeep {
        /// The limit.
        max: usize,
    },
    /// More cases than [`crate::Limits::max_cases`].
    #[error("the report holds more than {max} test cases")]
    TooManyCases {
        /// The limit.
        max: usize,
    },
    /// More attributes on one element than [`crate::Limits::max_attributes`].
    #[error("an element has more than {max} attributes")]
    TooManyAttributes {
        /// The limit.
        max: usize,
    },
    /// More files than [`crate::Limits::max_files`].
    #[error("the report names more than {max} files")]
    TooManyFiles {
        /// The limit.
        max: usize,
    },
    /// A required attribute is absent or not what it must be.
    #[error("<{element}> needs a valid {attribute}")]
    BadAttribute {
        /// The element.
        element: &'static str,
        /// The attribute.
        attribute: &'static str,
    },
    /// The file could not be read.
    #[error("the report could not be read: {detail}")]
    Io {
        /// What the system said.
        detail: String,
    },
}

impl ParseRule {
    /// A stable name of the rule, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotXml { .. } => "not-xml",
            Self::Unclosed { .. } => "unclosed",
            Self::UnsupportedEncoding { .. } => "unsupported-encoding",
            Self::UnexpectedRoot { .. } => "unexpected-root",
            Self::DocumentType => "document-type",
            Self::UnknownEntity { .. } => "unknown-entity",
            Self::TooLarge { .. } => "too-large",
            Self::TooDeep { .. } => "too-deep",
            Self::TooManyCases { .. } => "too-many-cases",
            Self::TooManyAttributes { .. } => "too-many-attributes",
            Self::TooManyFiles { .. } => "too-many-files",
            Self::BadAttribute { .. } => "bad-attribute",
            Self::Io { .. } => "io",
        }
    }
}

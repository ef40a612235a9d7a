//! What can go wrong between a client and the server.

use std::{fmt, time::Duration};

use serde::Deserialize;
use serde_json::Value;

/// An error in a GraphQL answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The code of the server's table, for example `FORBIDDEN`.
    pub code: String,
    /// For people.
    pub message: String,
    /// The input field at fault, or the path of the field in the answer.
    pub path: Option<String>,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// Finds the request in the server's log.
    pub trace_id: Option<String>,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        if let Some(path) = &self.path {
            write!(f, " (at {path})")?;
        }
        if let Some(trace) = &self.trace_id {
            write!(f, " [trace {trace}]")?;
        }
        Ok(())
    }
}

impl std::error::Error for ApiError {}

/// Why a request has no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClientError {
    /// The HTTP client cannot be set up.
    #[error("cannot set up the HTTP client: {0}")]
    Setup(String),
    /// No connection, or it broke, or the server was too slow.
    #[error("no answer from {url}: {reason}")]
    Connection {
        /// Where the request went.
        url: String,
        /// The innermost cause.
        reason: String,
    },
    /// An HTTP status without a GraphQL answer.
    #[error("{url} answers HTTP {status}{}", detail(.text))]
    Status {
        /// Where the request went.
        url: String,
        /// The status.
        status: u16,
        /// The answer's first line, for people.
        text: String,
    },
    /// The request is larger than the server takes.
    #[error("the request has {bytes} bytes, more than the server takes{}", most(*.limit))]
    RequestTooLarge {
        /// The request's size.
        bytes: u64,
        /// The server's limit, when it is known.
        limit: Option<u64>,
    },
    /// The answer is larger than this client reads.
    #[error("the answer has more than {0} bytes")]
    AnswerTooLarge(usize),
    /// Not the answer that the request asks for.
    #[error("{url} gives an answer that is not understood: {reason}")]
    Malformed {
        /// Where the request went.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The server answers with an error.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The server was not reached, or not able, for as long as the caller waits.
    #[error("gave up after {} s: {last}", waited.as_secs())]
    GaveUp {
        /// How long it was tried.
        waited: Duration,
        /// The last error.
        last: Box<ClientError>,
    },
}

fn detail(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(": {text}")
    }
}

fn most(limit: Option<u64>) -> String {
    limit
        .map(|limit| format!(" ({limit} bytes)"))
        .unwrap_or_default()
}

impl ClientError {
    /// The exit code of a command that ends with it: 3 for a refusal, 5 without a connection, 4
    /// for the rest.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Api(error) if error.code == "INTERNAL" => 4,
            Self::Api(_) => 3,
            Self::Connection { .. } => 5,
            Self::GaveUp { last, .. } => match last.as_ref() {
                Self::Api(_) => 4,
                _ => 5,
            },
            _ => 4,
        }
    }

    /// Whether the same request may succeed later.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Connection { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500 | 502..=504),
            Self::Api(error) => error.retryable,
            _ => false,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct GraphQlError {
    message: String,
    #[serde(default)]
    path: Vec<Value>,
    #[serde(default)]
    extensions: Extensions,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Extensions {
    code: Option<String>,
    retryable: bool,
    trace_id: Option<String>,
    field: Option<String>,
}

impl From<GraphQlError> for ApiError {
    fn from(error: GraphQlError) -> Self {
        let place = error.extensions.field.or_else(|| dotted(&error.path));
        Self {
            code: error
                .extensions
                .code
                .unwrap_or_else(|| "BAD_REQUEST".to_owned()),
            message: error.message,
            path: place,
            retryable: error.extensions.retryable,
            trace_id: error.extensions.trace_id,
        }
    }
}

fn dotted(path: &[Value]) -> Option<String> {
    let parts: Vec<_> = path
        .iter()
        .map(|part| {
            part.as_str()
                .map_or_else(|| part.to_string(), str::to_owned)
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join("."))
}

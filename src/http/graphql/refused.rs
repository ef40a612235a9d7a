//! Why a request is not executed.

use std::time::Duration;

use async_graphql::{ServerError, Value as GraphQlValue};
use serde_json::{Value, json};
use sluice_schema::ErrorCode;

/// Why a request is not executed, or not begun: errors without data, and the status for them.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    status: u16,
    errors: Vec<ServerError>,
    // The request is well-formed and its GraphQL is not: `application/json` says so with 200.
    of_document: bool,
    retry_after: Option<Duration>,
}

impl Refused {
    /// A refusal with one error.
    pub(crate) fn new(status: u16, code: ErrorCode, message: impl Into<String>) -> Self {
        let mut error = ServerError::new(message, None);
        give_code(&mut error, code);
        Self {
            status,
            errors: vec![error],
            of_document: false,
            retry_after: None,
        }
    }

    /// The request is not well-formed.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, ErrorCode::BadRequest, message)
    }

    /// The document, or what its operation asks for, is refused: parsing, validation, variables,
    /// limits. Errors without a code are the caller's fault.
    pub(crate) fn of_document(mut errors: Vec<ServerError>) -> Self {
        for error in &mut errors {
            let extensions = error.extensions.get_or_insert_default();
            if extensions.get("code").is_none() {
                give_code(error, ErrorCode::BadRequest);
            }
        }
        let extension = |error: &ServerError, name: &str| {
            let extensions = error.extensions.as_ref();
            extensions.and_then(|extensions| extensions.get(name).cloned())
        };
        let first = errors.first();
        let code = first.and_then(|error| extension(error, "code"));
        let limited = code == Some(ErrorCode::RateLimited.as_str().into());
        let seconds = first.and_then(|error| match extension(error, "retryAfter") {
            Some(GraphQlValue::Number(seconds)) => seconds.as_u64(),
            _ => None,
        });
        Self {
            status: if limited { 429 } else { 400 },
            errors,
            of_document: !limited,
            retry_after: seconds.map(Duration::from_secs),
        }
    }

    /// The HTTP status; `json` for clients that take `application/json` alone.
    pub(crate) fn status(&self, json: bool) -> u16 {
        match self.of_document && json {
            true => 200,
            false => self.status,
        }
    }

    /// How long to wait before the same request may succeed, when that is known.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The errors, as a list.
    pub(crate) fn errors(&self, trace_id: &str) -> Value {
        let errors = self.errors.iter().map(|error| {
            let mut error = error.clone();
            let extensions = error.extensions.get_or_insert_default();
            if extensions.get("traceId").is_none() {
                extensions.set("traceId", trace_id);
            }
            // An error is made of texts and numbers: it can always be written.
            serde_json::to_value(error).unwrap_or_default()
        });
        Value::Array(errors.collect())
    }

    /// The answer: errors, and no data.
    pub(crate) fn body(&self, trace_id: &str) -> Value {
        json!({ "errors": self.errors(trace_id) })
    }
}

/// Gives an error its code, and whether the same request may succeed later.
pub(super) fn give_code(error: &mut ServerError, code: ErrorCode) {
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", code.as_str());
    extensions.set("retryable", code.retryable());
}

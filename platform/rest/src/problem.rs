//! Errors as RFC 9457 problem details.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use schemars::JsonSchema;
use serde::Serialize;
use sluice_kernel::Refused;
use sluice_schema::{Blocker, ErrorClass, ErrorCode, Fault, Finding, public_message};

/// An error answer, `application/problem+json`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// `urn:sluice:error:<CODE>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong with this request.
    pub detail: String,
    /// The error code.
    pub code: ErrorCode,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// The input field that breaks a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Places that break rules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Everything that stands in the way, when the command may succeed once it is gone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blockers: Vec<Blocker>,
}

impl Problem {
    /// A problem that no service raised.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:sluice:error:{code}"),
            title: code.as_str().replace('_', " ").to_lowercase(),
            status: code.http_status(),
            detail: detail.into(),
            code,
            retryable: code.retryable(),
            field: None,
            findings: Vec::new(),
            blockers: Vec::new(),
        }
    }

    /// The problem that a fault amounts to; a fault of the system is logged here, once.
    pub fn of(fault: &dyn Fault) -> Self {
        if fault.code().class() == ErrorClass::System {
            tracing::error!(error = fault as &dyn std::error::Error, code = %fault.code(), "request failed");
        }
        Self {
            field: fault.field(),
            findings: fault.findings(),
            blockers: fault.blockers(),
            ..Self::new(fault.code(), public_message(fault))
        }
    }
}

impl<F: Fault> From<F> for Problem {
    fn from(fault: F) -> Self {
        Self::of(&fault)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        if let Some(refused) = Refused::of_parts(self.code, self.field.as_deref(), &self.blockers) {
            response.extensions_mut().insert(refused);
        }
        response
    }
}

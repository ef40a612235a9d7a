//! Answers to requests that do not reach a handler, in the words of their route.

use std::any::Any;

use axum::{
    Json,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde_json::json;
use sluice_kernel::Fault;
use sluice_rest::Problem;
use sluice_schema::{ErrorCode, public_message};

use super::{Trace, identity::Style};
use crate::auth::AuthError;

/// 401 with a challenge, or 503 when tokens cannot be judged.
pub(super) fn unauthenticated(style: Style, error: &AuthError, trace: &Trace) -> Response {
    let message = public_message(error);
    let mut response = speak(style, error.code(), &message, trace);
    if error.code() == ErrorCode::Unauthenticated {
        let challenge = match (style, error) {
            (Style::Git | Style::NuGet, _) => {
                r#"Basic realm="Sluice: any user, the token as password""#
            }
            (_, AuthError::Missing) => r#"Bearer realm="sluice""#,
            _ => r#"Bearer realm="sluice", error="invalid_token""#,
        };
        let challenge = HeaderValue::from_static(challenge);
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

/// 404: the path is no text, so nothing has that name.
pub(super) fn not_text(style: Style, trace: &Trace) -> Response {
    let message = "there is nothing at this path";
    speak(style, ErrorCode::NotFound, message, trace)
}

/// 504: the time for the request is used up.
pub(super) fn too_late(style: Style, trace: &Trace) -> Response {
    let message = "the time for this request is used up; a command may still have taken effect";
    speak(style, ErrorCode::DeadlineExceeded, message, trace)
}

/// 500: a handler panicked.
pub(super) fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let text = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(panic = text, "a handler panicked");
    let message = "an unexpected fault; the log holds it under the trace id";
    Problem::new(ErrorCode::Internal, message).into_response()
}

fn speak(style: Style, code: ErrorCode, message: &str, trace: &Trace) -> Response {
    match style {
        Style::GraphQl => graphql_error(code, code.http_status(), message, trace),
        Style::Problem | Style::NuGet => Problem::new(code, message).into_response(),
        Style::Git => plain(code.http_status(), message),
    }
}

/// A GraphQL error without execution; well-formed JSON for clients of every age.
pub(super) fn graphql_error(
    code: ErrorCode,
    status: u16,
    message: &str,
    trace: &Trace,
) -> Response {
    let extensions = json!({
        "code": code.as_str(),
        "retryable": code.retryable(),
        "traceId": trace.trace_id,
    });
    let body = json!({ "errors": [{ "message": message, "extensions": extensions }] });
    (status_of(status), Json(body)).into_response()
}

/// A refusal as text, which `git` shows.
pub(super) fn plain(status: u16, message: &str) -> Response {
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    (
        status_of(status),
        [(CONTENT_TYPE, kind)],
        format!("{message}\n"),
    )
        .into_response()
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

//! Outcomes as HTTP answers.

use async_graphql::{Response as Outcome, ServerError, Value};
use axum::{
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sluice_rest::Problem;
use sluice_schema::ErrorCode;

use super::accept::Media;
use crate::http::Trace;

#[derive(Serialize)]
struct Answer<'a> {
    // Absent, not null, when the operation did not begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    extensions: &'a std::collections::BTreeMap<String, Value>,
}

/// The answer; its status tells whether the operation ran, where the media type allows that.
pub(super) fn respond(mut outcome: Outcome, media: Media, trace: &Trace) -> Response {
    // Errors of execution carry the path of their field; those before it have none.
    let ran = outcome.errors.is_empty()
        || outcome.data != Value::Null
        || outcome.errors.iter().any(|error| !error.path.is_empty());
    for error in &mut outcome.errors {
        complete(error, trace);
    }
    let status = match media {
        Media::GraphQl if !ran => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    let answer = Answer {
        data: ran.then_some(&outcome.data),
        errors: &outcome.errors,
        extensions: &outcome.extensions,
    };
    match serde_json::to_vec(&answer) {
        Ok(body) => {
            let kind = match media {
                Media::GraphQl => "application/graphql-response+json; charset=utf-8",
                Media::Json => "application/json; charset=utf-8",
            };
            let kind = HeaderValue::from_static(kind);
            (status, [(CONTENT_TYPE, kind)], body).into_response()
        }
        Err(error) => {
            tracing::error!(error = %error, "an answer could not be written");
            Problem::new(ErrorCode::Internal, "the answer could not be written").into_response()
        }
    }
}

// What the library itself refuses is the caller's request at fault; it knows no codes.
fn complete(error: &mut ServerError, trace: &Trace) {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        extensions.set("code", ErrorCode::BadRequest.as_str());
        extensions.set("retryable", false);
    }
    if extensions.get("traceId").is_none() {
        extensions.set("traceId", trace.trace_id.as_str());
    }
}

//! Outcomes as bytes, and bytes as HTTP answers.

use async_graphql::{Response as Outcome, ServerError, Value};
use axum::{
    body::Bytes,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sluice_schema::ErrorCode;

use super::{
    Refused,
    accept::Media,
    order::{Ordered, Shape},
    refused::give_code,
};

#[derive(Serialize)]
struct Answer<'a> {
    data: Ordered<'a>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    extensions: &'a std::collections::BTreeMap<String, Value>,
}

/// The body of a GraphQL response to an operation that began, in the order of its shape.
pub(super) fn encode(mut outcome: Outcome, shape: &Shape, trace_id: &str) -> Bytes {
    for error in &mut outcome.errors {
        complete(error, trace_id);
    }
    let answer = Answer {
        data: Ordered(&outcome.data, shape),
        errors: &outcome.errors,
        extensions: &outcome.extensions,
    };
    let body = serde_json::to_vec(&answer).unwrap_or_else(|error| {
        tracing::error!(error = %error, "an answer could not be written");
        let fault = Refused::new(500, ErrorCode::Internal, "the answer could not be written");
        fault.body(trace_id).to_string().into_bytes()
    });
    body.into()
}

// What the library itself refuses is the caller's request at fault; it knows no codes.
fn complete(error: &mut ServerError, trace_id: &str) {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("traceId").is_none() {
        extensions.set("traceId", trace_id);
    }
    if extensions.get("code").is_none() {
        give_code(error, ErrorCode::BadRequest);
    }
}

/// An HTTP answer.
pub(super) fn respond(status: u16, body: Bytes, media: Media) -> Response {
    let kind = match media {
        Media::GraphQl => "application/graphql-response+json; charset=utf-8",
        Media::Json => "application/json; charset=utf-8",
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (
        status,
        [(CONTENT_TYPE, HeaderValue::from_static(kind))],
        body,
    )
        .into_response()
}

//! The two methods of the path.

use async_graphql::parser::types::OperationType;
use axum::{
    Extension,
    body::Bytes,
    extract::{RawQuery, State, rejection::BytesRejection},
    http::{
        HeaderMap, HeaderValue, Method,
        header::{ALLOW, RETRY_AFTER},
    },
    response::Response,
};
use sluice_kernel::{Ctx, IdempotencyKey};
use sluice_schema::ErrorCode;
use tracing::Span;

use super::{
    Engine, Parameters, Refused,
    accept::{self, Media},
    answer,
    engine::Prepared,
    parameters,
};
use crate::http::Trace;

/// `POST /graphql`.
pub(in crate::http) async fn post(
    State(engine): State<Engine>,
    Extension(ctx): Extension<Ctx>,
    Extension(trace): Extension<Trace>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let parameters = parameters::is_json(&headers).and_then(|()| parameters::of_post(body));
    answer(&engine, ctx, &trace, &headers, &Method::POST, parameters).await
}

/// `GET /graphql`.
pub(in crate::http) async fn get(
    State(engine): State<Engine>,
    Extension(ctx): Extension<Ctx>,
    Extension(trace): Extension<Trace>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let parameters = parameters::of_get(query.as_deref().unwrap_or_default());
    answer(&engine, ctx, &trace, &headers, &Method::GET, parameters).await
}

async fn answer(
    engine: &Engine,
    ctx: Ctx,
    trace: &Trace,
    headers: &HeaderMap,
    method: &Method,
    parameters: Result<Parameters, Refused>,
) -> Response {
    let media = match accept::negotiate(headers) {
        Ok(media) => media,
        Err(refused) => return refuse(&refused, Media::Json, trace),
    };
    match execute(engine, ctx, headers, method, media, parameters).await {
        Ok(body) => answer::respond(200, body, media),
        Err(refused) => refuse(&refused, media, trace),
    }
}

fn refuse(refused: &Refused, media: Media, trace: &Trace) -> Response {
    let status = refused.status(media == Media::Json);
    let body = refused.body(&trace.trace_id).to_string().into();
    let mut response = answer::respond(status, body, media);
    let headers = response.headers_mut();
    if status == 405 {
        headers.insert(ALLOW, HeaderValue::from_static("POST"));
    }
    if let Some(wait) = refused.retry_after() {
        headers.insert(RETRY_AFTER, wait.as_secs().into());
    }
    response
}

async fn execute(
    engine: &Engine,
    ctx: Ctx,
    headers: &HeaderMap,
    method: &Method,
    media: Media,
    parameters: Result<Parameters, Refused>,
) -> Result<Bytes, Refused> {
    let prepared = engine.prepare(&ctx, parameters?)?;
    if method == Method::GET && prepared.kind == OperationType::Mutation {
        let rule = "mutations are sent by POST";
        return Err(Refused::new(405, ErrorCode::BadRequest, rule));
    }
    if prepared.kind == OperationType::Subscription {
        let rule = format!("{} carries no subscriptions", media.as_str());
        return Err(Refused::bad(rule));
    }
    if let Some(name) = &prepared.operation_name {
        Span::current().record("operation", name.as_str());
    }
    let ctx = match headers.get("idempotency-key") {
        Some(key) if prepared.kind == OperationType::Mutation => {
            ctx.with_idempotency(idempotency(key, &prepared)?)
        }
        _ => ctx,
    };
    engine.execute(ctx, prepared).await
}

// A key stands for one command: with two of the same kind the second would replay the first.
fn idempotency(key: &HeaderValue, prepared: &Prepared) -> Result<IdempotencyKey, Refused> {
    if !prepared.has_one_field() {
        let rule = "with an Idempotency-Key a mutation must have exactly one field";
        return Err(Refused::bad(rule));
    }
    let key = key.to_str().unwrap_or_default();
    IdempotencyKey::new(key, prepared.fingerprint()).map_err(Refused::bad)
}

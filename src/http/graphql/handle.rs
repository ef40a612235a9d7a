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
    answer, batch,
    engine::Prepared,
    parameters::{self, Posted},
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
    let read = || parameters::of_post(body, engine.max_batch());
    let parameters = parameters::is_json(&headers).and_then(|()| read());
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
    let parameters = parameters::of_get(query.as_deref().unwrap_or_default()).map(Posted::One);
    answer(&engine, ctx, &trace, &headers, &Method::GET, parameters).await
}

async fn answer(
    engine: &Engine,
    ctx: Ctx,
    trace: &Trace,
    headers: &HeaderMap,
    method: &Method,
    parameters: Result<Posted, Refused>,
) -> Response {
    let media = match accept::negotiate(headers) {
        Ok(media) => media,
        Err(refused) => return refuse(&refused, Media::Json, trace),
    };
    let body = match parameters {
        Ok(Posted::One(parameters)) => {
            execute(engine, ctx, headers, method, media, parameters).await
        }
        Ok(Posted::Batch(batch)) => execute_all(engine, ctx, headers, batch).await,
        Err(refused) => Err(refused),
    };
    match body {
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
    parameters: Parameters,
) -> Result<Bytes, Refused> {
    let prepared = engine.prepare(&ctx, parameters)?;
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

async fn execute_all(
    engine: &Engine,
    ctx: Ctx,
    headers: &HeaderMap,
    batch: Vec<Parameters>,
) -> Result<Bytes, Refused> {
    if headers.contains_key("idempotency-key") {
        let rule = "an Idempotency-Key stands for one mutation: send it without a batch";
        return Err(Refused::bad(rule));
    }
    batch::execute(engine, &ctx, batch).await
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

//! `graphql-sse`, distinct connections: one operation per request, its answers as events.

use std::{
    convert::Infallible,
    fmt::Write,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use async_graphql::parser::types::OperationType;
use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    response::{IntoResponse, Response},
};
use futures::{Stream, StreamExt};
use serde_json::{Value, json};
use sluice_kernel::Ctx;
use sluice_schema::ErrorCode;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::{
    Streams,
    ending::deadline,
    operation::{Operation, Outcome},
    places::Place,
};
use crate::http::{
    Trace,
    graphql::{Parameters, Prepared, Refused, is_json, of_get},
    identity, refusal,
};

const EVENT_STREAM: &str = "text/event-stream";
/// Bytes that are written at once, at least one event.
const CHUNK: usize = 32 * 1024;

/// Whether the client takes events before everything else.
pub(super) fn is_asked_for(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).into_iter();
    let ranges = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let mut best: Option<(f32, bool)> = None;
    for range in ranges {
        let mut parts = range.split(';').map(str::trim);
        let is_events = parts
            .next()
            .is_some_and(|kind| kind.eq_ignore_ascii_case(EVENT_STREAM));
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        let weight = weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
        if weight > best.map_or(0.0, |(best, _)| best) {
            best = Some((weight, is_events));
        }
    }
    best.is_some_and(|(_, is_events)| is_events)
}

/// Answers the request by events. What is wrong with the request is told by the status; what is
/// wrong with its GraphQL by an event.
pub(super) async fn open(streams: Streams, request: Request) -> Response {
    let trace = match request.extensions().get::<Trace>() {
        Some(trace) => trace.clone(),
        None => Trace::of(request.headers()),
    };
    match try_open(streams, request, &trace).await {
        Ok(response) => response,
        Err(No::Entry(response)) => *response,
        Err(No::Operation(refused)) => say(&refused, &trace),
    }
}

enum No {
    Entry(Box<Response>),
    Operation(Refused),
}

impl From<Refused> for No {
    fn from(refused: Refused) -> Self {
        Self::Operation(refused)
    }
}

fn say(refused: &Refused, trace: &Trace) -> Response {
    let status = axum::http::StatusCode::from_u16(refused.status(false)).unwrap_or_default();
    let mut response = (status, axum::Json(refused.body(&trace.trace_id))).into_response();
    let headers = response.headers_mut();
    if status == 405 {
        headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    let wait = refused.retry_after().map(|wait| wait.as_secs().max(1));
    if let Some(seconds) = wait.or_else(|| (status == 503).then_some(5)) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

async fn try_open(streams: Streams, request: Request, trace: &Trace) -> Result<Response, No> {
    let token = identity::token(request.headers(), identity::Style::GraphQl);
    let admitted = match token {
        Ok(token) => streams.0.authenticator.admit(&token).await,
        Err(error) => Err(error),
    };
    let admitted = admitted.map_err(|error| {
        let style = identity::Style::GraphQl;
        No::Entry(Box::new(refusal::unauthenticated(style, &error, trace)))
    })?;
    let unavailable = |why: String| Refused::new(503, ErrorCode::Unavailable, why);
    if streams.0.stopping.is_cancelled() {
        return Err(unavailable("the server ends".to_owned()).into());
    }
    let mut place = streams
        .0
        .places
        .enter("sse")
        .map_err(|full| unavailable(full.to_string()))?;
    let claimed = place.claim(&admitted.principal);
    claimed.map_err(|full| unavailable(full.to_string()))?;
    let resume = last_event(request.headers())?;
    let is_get = request.method() == Method::GET;
    let parameters = read(&streams, request).await?;
    let ctx = Ctx::for_request(admitted.principal, Some(trace.trace_id.clone()));
    let prepared = streams.0.engine.prepare(&ctx, parameters);
    let prepared = inside(prepared, is_get)?;
    let operation = Operation::begin(&streams, ctx, prepared, resume);
    let events = Events::new(&streams, operation, place, deadline(admitted.expires));
    Ok(answer(events))
}

fn inside(
    prepared: Result<Prepared, Refused>,
    is_get: bool,
) -> Result<Result<Prepared, Refused>, Refused> {
    match prepared {
        Ok(prepared) if is_get && prepared.kind == OperationType::Mutation => {
            let rule = "mutations are sent by POST";
            Err(Refused::new(405, ErrorCode::BadRequest, rule))
        }
        // The request is well-formed, and its GraphQL is not.
        Err(refused) if refused.status(true) == 200 => Ok(Err(refused)),
        Err(refused) => Err(refused),
        prepared => Ok(prepared),
    }
}

async fn read(streams: &Streams, request: Request) -> Result<Parameters, Refused> {
    if request.method() == Method::GET {
        return of_get(request.uri().query().unwrap_or_default());
    }
    if request.method() != Method::POST {
        let rule = "event streams are asked for by GET or POST";
        return Err(Refused::new(405, ErrorCode::BadRequest, rule));
    }
    is_json(request.headers())?;
    let http = &streams.0.http;
    let body = axum::body::to_bytes(request.into_body(), http.graphql_body_limit);
    let body = timeout(http.request_timeout, body).await.map_err(|_| {
        let rule = "the body did not come in time";
        Refused::new(408, ErrorCode::BadRequest, rule)
    })?;
    let body = body.map_err(|_| {
        let rule = "the body is too large, or was cut off";
        Refused::new(413, ErrorCode::LimitExceeded, rule)
    })?;
    let body: Value = serde_json::from_slice(&body)
        .map_err(|error| Refused::bad(format!("the body is not JSON: {error}")))?;
    Parameters::from_json(body)
}

fn last_event(headers: &HeaderMap) -> Result<Option<u64>, Refused> {
    let Some(id) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let id = id.to_str().unwrap_or_default().trim();
    match id.parse() {
        Ok(position) => Ok(Some(position)),
        Err(_) if id.is_empty() => Ok(None),
        Err(_) => Err(Refused::bad(
            "Last-Event-ID is not the id of an event of this stream",
        )),
    }
}

fn answer(events: Events) -> Response {
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/event-stream; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that gather answers would hold events back.
    let buffering = HeaderName::from_static("x-accel-buffering");
    headers.insert(buffering, HeaderValue::from_static("no"));
    response
}

/// The body: events as they come, comments while none do.
struct Events {
    operation: Option<Operation>,
    heartbeat: Duration,
    quiet: Pin<Box<Sleep>>,
    // The token's end, then the server's.
    ends: Option<Pin<Box<Sleep>>>,
    stopping: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    streams: Streams,
    greeted: bool,
    _place: Place,
}

impl Events {
    fn new(
        streams: &Streams,
        operation: Operation,
        place: Place,
        expires: Option<Instant>,
    ) -> Self {
        let heartbeat = streams.0.settings.heartbeat;
        let stopping = streams.0.stopping.clone().cancelled_owned();
        metrics::gauge!("sluice_stream_operations", "transport" => "sse").increment(1.0);
        Self {
            operation: Some(operation),
            heartbeat,
            quiet: Box::pin(tokio::time::sleep(heartbeat)),
            ends: expires.map(|expires| Box::pin(sleep_until(expires))),
            stopping: Some(Box::pin(stopping)),
            streams: streams.clone(),
            greeted: false,
            _place: place,
        }
    }

    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        if let Some(stopping) = &mut self.stopping
            && stopping.as_mut().poll(cx).is_ready()
        {
            self.stopping = None;
            let last = Instant::now() + self.streams.0.drain();
            let ends = self
                .ends
                .as_ref()
                .map_or(last, |ends| ends.deadline().min(last));
            self.ends = Some(Box::pin(sleep_until(ends)));
        }
        let ends = self.ends.as_mut();
        ends.is_some_and(|ends| ends.as_mut().poll(cx).is_ready())
    }
}

fn write(out: &mut String, outcome: &Outcome) {
    out.push_str("event: next\n");
    // JSON has its line breaks escaped: data is one line. Writing to a text does not fail.
    let _ = match outcome {
        Outcome::Answer(None, payload) => write!(out, "data: {payload}\n\n"),
        Outcome::Answer(Some(position), payload) => {
            write!(out, "id: {position}\ndata: {payload}\n\n")
        }
        Outcome::Refused(errors) => write!(out, "data: {}\n\n", json!({ "errors": errors })),
    };
}

impl Stream for Events {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let events = &mut *self;
        if events.operation.is_none() || events.is_over(cx) {
            return Poll::Ready(None);
        }
        let mut out = String::new();
        if !events.greeted {
            events.greeted = true;
            out.push_str(":\n\n");
        }
        while let Some(operation) = &mut events.operation
            && out.len() < CHUNK
        {
            match operation.poll_next_unpin(cx) {
                Poll::Pending => break,
                Poll::Ready(Some(outcome)) => {
                    events.streams.0.delivered.increment(1);
                    write(&mut out, &outcome);
                }
                Poll::Ready(None) => {
                    // Without the data browsers would not tell of it.
                    out.push_str("event: complete\ndata:\n\n");
                    events.operation = None;
                }
            }
        }
        if out.is_empty() {
            if events.quiet.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            out.push_str(":\n\n");
        }
        // Set again, and polled again before it is due: it wakes by the poll that follows.
        let next = Instant::now() + events.heartbeat;
        events.quiet.as_mut().reset(next);
        Poll::Ready(Some(Ok(out.into())))
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        metrics::gauge!("sluice_stream_operations", "transport" => "sse").decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_for_those_who_want_them_most() {
        for (accept, expected) in [
            ("text/event-stream", true),
            ("Text/Event-Stream; charset=utf-8", true),
            ("text/event-stream, application/json", true),
            ("application/json;q=0.5, text/event-stream", true),
            ("application/json, text/event-stream", false),
            (
                "application/graphql-response+json, text/event-stream;q=0.9",
                false,
            ),
            ("text/event-stream;q=0", false),
            ("*/*", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            assert_eq!(is_asked_for(&headers), expected, "{accept}");
        }
        assert!(!is_asked_for(&HeaderMap::new()));
    }

    #[test]
    fn the_last_event_is_a_position() {
        let read = |id: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("last-event-id", id.parse().unwrap());
            last_event(&headers).map_err(|refused| refused.status(false))
        };
        assert_eq!(read("42"), Ok(Some(42)));
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("x"), Err(400));
    }
}

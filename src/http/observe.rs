//! One span, one log line and one measurement per request.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    middleware::Next,
    response::Response,
};
use tracing::{Instrument, Span, field::Empty};

use super::Trace;

// Asked every few seconds by machines: of no interest while all is well.
const QUIET: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

pub(super) async fn observe(mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let trace = Trace::of(request.headers());
    let method = request.method().clone();
    // The pattern, not the path: paths hold names of tenants and would make endless metrics.
    let route = match request.extensions().get::<MatchedPath>() {
        Some(path) => path.as_str().to_owned(),
        None => "unmatched".to_owned(),
    };
    let span = tracing::info_span!(
        "request",
        %method,
        route,
        trace_id = trace.trace_id,
        request_id = trace.request_id,
        tenant_id = Empty,
        actor = Empty,
        operation = Empty,
    );
    request.extensions_mut().insert(trace.clone());
    let mut response = next.run(request).instrument(span.clone()).await;
    tell(&span, &route, response.status(), begun);
    measure(method.as_str(), &route, response.status(), begun);
    answer_ids(response.headers_mut(), &trace);
    response
}

fn tell(span: &Span, route: &str, status: StatusCode, begun: Instant) {
    let (status, ms) = (status.as_u16(), begun.elapsed().as_secs_f64() * 1_000.0);
    span.in_scope(|| {
        if status >= 500 {
            tracing::warn!(status, ms, "request failed");
        } else if QUIET.contains(&route) {
            tracing::debug!(status, ms, "request");
        } else {
            tracing::info!(status, ms, "request");
        }
    });
}

fn measure(method: &str, route: &str, status: StatusCode, begun: Instant) {
    // A method that is none of the known ones would make endless metrics as well.
    let method = match method {
        "GET" | "POST" | "HEAD" | "OPTIONS" | "PUT" | "PATCH" | "DELETE" => method,
        _ => "other",
    };
    let labels = [
        ("method", method.to_owned()),
        ("route", route.to_owned()),
        ("status", status.as_u16().to_string()),
    ];
    metrics::counter!("sluice_http_requests_total", &labels).increment(1);
    metrics::histogram!("sluice_http_request_duration_seconds", &labels)
        .record(begun.elapsed().as_secs_f64());
}

fn answer_ids(headers: &mut HeaderMap, trace: &Trace) {
    let ids = [
        ("x-request-id", &trace.request_id),
        ("sluice-trace-id", &trace.trace_id),
    ];
    for (name, id) in ids {
        if let Ok(value) = HeaderValue::from_str(id) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

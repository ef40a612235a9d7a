//! Which pages may call the server.
//!
//! A browser attaches credentials of its own accord to requests that a page of another site makes
//! it send. Sluice takes bearer tokens alone, which a browser never attaches; but a proxy in front
//! may turn a cookie into a token. So a request that names a foreign origin is refused, as is one
//! of which the browser says that another site caused it, without an origin that could be judged.
//! What carries neither was not sent by a page of another site: every browser of today says so.
//! Beyond that, operations are taken as JSON alone, which a page of another site may send only
//! after the browser asked the server (CORS).

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{
        HeaderName, HeaderValue, Method, Uri,
        header::{self, HOST, HeaderMap, ORIGIN},
    },
    middleware::Next,
    response::Response,
};
use sluice_schema::ErrorCode;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::{Trace, refusal};

/// The origins of pages that may call the server: its own, and those of the settings.
#[derive(Debug, Clone)]
pub struct Origins {
    own: Arc<str>,
    allowed: Arc<[String]>,
}

impl Origins {
    /// The server's own origin is that of `url`, where clients reach it, and whatever host a
    /// request is sent to; `allowed` are further ones, exact and in lower case.
    pub fn new(url: &str, allowed: &[String]) -> Self {
        let own = reqwest::Url::parse(url).map(|url| url.origin().ascii_serialization());
        Self {
            own: own.unwrap_or_default().into(),
            allowed: allowed.into(),
        }
    }

    /// Whether no page of a foreign origin caused the request.
    pub fn allow(&self, headers: &HeaderMap, uri: &Uri) -> bool {
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => !caused_by_other_site(headers),
            (Some(origin), None) => origin
                .to_str()
                .is_ok_and(|origin| self.knows(origin, headers, uri)),
            (Some(_), Some(_)) => false,
        }
    }

    fn knows(&self, origin: &str, headers: &HeaderMap, uri: &Uri) -> bool {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = uri.authority().map(|authority| authority.as_str()).or(host);
        let (_, authority) = origin.split_once("://").unwrap_or_default();
        let own = host.is_some_and(|host| host.eq_ignore_ascii_case(authority));
        own || origin.eq_ignore_ascii_case(&self.own)
            || self
                .allowed
                .iter()
                .any(|it| it.eq_ignore_ascii_case(origin))
    }

    /// Answers what browsers ask before they send requests of the allowed pages; `None` when
    /// there are none. Credentials of the browser are never allowed.
    pub(super) fn cors(&self) -> Option<CorsLayer> {
        let origins = self.allowed.iter();
        let origins: Vec<_> = origins
            .filter_map(|origin| HeaderValue::from_str(origin).ok())
            .collect();
        let own = |names: &[&'static str]| {
            let names = names.iter().map(|name| HeaderName::from_static(name));
            names.collect::<Vec<_>>()
        };
        let mut taken = own(&[
            "idempotency-key",
            "last-event-id",
            "traceparent",
            "x-request-id",
        ]);
        taken.extend([header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT]);
        let mut shown = own(&[
            "x-request-id",
            "sluice-trace-id",
            "sluice-statements",
            "sluice-rows",
        ]);
        shown.push(header::RETRY_AFTER);
        let cors = CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins))
            .allow_methods([Method::GET, Method::POST])
            .allow_headers(taken)
            .expose_headers(shown)
            .max_age(std::time::Duration::from_secs(600));
        (!self.allowed.is_empty()).then_some(cors)
    }
}

// What browsers tell of a request themselves; pages cannot change it.
fn caused_by_other_site(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site");
    site.is_some_and(|site| site != "same-origin" && site != "none")
}

/// Refuses what pages of foreign origins make browsers send.
pub(super) async fn guard(
    State(origins): State<Origins>,
    request: Request,
    next: Next,
) -> Response {
    if origins.allow(request.headers(), request.uri()) {
        return next.run(request).await;
    }
    let trace = match request.extensions().get::<Trace>() {
        Some(trace) => trace.clone(),
        None => Trace::of(request.headers()),
    };
    let message =
        "pages of this origin may not call the server; http.cors_origins names those that may";
    refusal::graphql_error(ErrorCode::Forbidden, 403, message, &trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(pairs: &[(&'static str, &'static str)]) -> bool {
        let origins = Origins::new(
            "https://sluice.example/",
            &[
                "https://a.example".to_owned(),
                "http://localhost:3000".to_owned(),
            ],
        );
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        origins.allow(&headers, &Uri::from_static("/graphql"))
    }

    #[test]
    fn pages_of_the_server_and_of_the_allowed_origins_may_call_and_no_others() {
        for origin in [
            "https://sluice.example",
            "http://10.0.0.1:8080",
            "https://a.example",
            "http://localhost:3000",
        ] {
            assert!(
                allowed(&[("host", "10.0.0.1:8080"), ("origin", origin)]),
                "{origin}"
            );
        }
        for origin in [
            "https://evil.example",
            "https://a.example.evil.example",
            "https://a.example:444",
            "http://a.example",
            "http://10.0.0.1",
            "null",
            "",
            "*",
        ] {
            assert!(
                !allowed(&[("host", "10.0.0.1:8080"), ("origin", origin)]),
                "{origin}"
            );
        }
        assert!(!allowed(&[
            ("origin", "https://a.example"),
            ("origin", "https://a.example")
        ]));
    }

    #[test]
    fn what_another_site_caused_without_an_origin_is_refused() {
        assert!(allowed(&[]));
        assert!(allowed(&[("sec-fetch-site", "same-origin")]));
        assert!(allowed(&[("sec-fetch-site", "none")]));
        for site in ["cross-site", "same-site", "other"] {
            assert!(!allowed(&[("sec-fetch-site", site)]));
        }
        let asked = [
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://a.example"),
        ];
        assert!(allowed(&asked));
    }
}

//! From a request's token to its context.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{AUTHORIZATION, CACHE_CONTROL},
    },
    middleware::Next,
    response::Response,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use sluice_kernel::{Ctx, Fault};
use tokio::time::Instant;
use tracing::Span;

use super::{Trace, refusal};
use crate::auth::{AuthError, Authenticator};

/// How a group of routes speaks of refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    GraphQl,
    Problem,
    /// Plain text, and a challenge that makes `git` ask for a password.
    Git,
    /// Problem details, a challenge that makes NuGet clients send a password, and their own header.
    NuGet,
}

/// The header in which NuGet clients send what was given to them as key.
pub(super) const API_KEY: &str = "x-nuget-apikey";

/// What stands before a group of routes.
#[derive(Clone)]
pub(super) struct Guard {
    pub(super) authenticator: Arc<Authenticator>,
    pub(super) timeout: Duration,
    pub(super) style: Style,
}

/// Lets in who has a good token, with a [`Ctx`] in the request's extensions, for a limited time.
pub(super) async fn identify(
    State(guard): State<Guard>,
    mut request: Request,
    next: Next,
) -> Response {
    let trace = match request.extensions().get::<Trace>() {
        Some(trace) => trace.clone(),
        None => Trace::of(request.headers()),
    };
    let principal = match guard.principal(request.headers()).await {
        Ok(principal) => principal,
        Err(error) => {
            tracing::info!(refused = %error, "no entry");
            metrics::counter!("sluice_auth_refusals_total", "code" => error.code().as_str())
                .increment(1);
            return refusal::unauthenticated(guard.style, &error, &trace);
        }
    };
    // The framework would refuse it too, in words of its own.
    if !is_text(request.uri().path()) {
        return refusal::not_text(guard.style, &trace);
    }
    let span = Span::current();
    span.record("tenant_id", principal.tenant.as_str());
    span.record("actor", principal.actor.id.as_str());
    let deadline = Instant::now() + guard.timeout;
    let ctx = Ctx::for_request(principal, Some(trace.trace_id.clone()))
        .with_deadline(deadline.into_std());
    request.extensions_mut().insert(ctx.clone());
    let answered = tokio::time::timeout_at(deadline, next.run(request)).await;
    let mut response = answered.unwrap_or_else(|_| refusal::too_late(guard.style, &trace));
    let headers = response.headers_mut();
    let statements = HeaderValue::from(ctx.statements().get());
    headers.insert(HeaderName::from_static("sluice-statements"), statements);
    let rows = HeaderValue::from(ctx.statements().rows());
    headers.insert(HeaderName::from_static("sluice-rows"), rows);
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

// Whether a path is UTF-8 once its escapes are resolved.
fn is_text(path: &str) -> bool {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = match after {
            [high, low, ..] if byte == b'%' => hex::decode([*high, *low]).ok(),
            _ => None,
        };
        rest = if escaped.is_some() {
            &after[2..]
        } else {
            after
        };
        bytes.extend(escaped.unwrap_or_else(|| vec![byte]));
    }
    std::str::from_utf8(&bytes).is_ok()
}

impl Guard {
    async fn principal(&self, headers: &HeaderMap) -> Result<sluice_kernel::Principal, AuthError> {
        let token = token(headers, self.style)?;
        self.authenticator.authenticate(&token).await
    }
}

pub(super) fn token(headers: &HeaderMap, style: Style) -> Result<String, AuthError> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let Some(header) = given.next() else {
        return api_key(headers, style);
    };
    // Two headers: which one a proxy in front judged is not known.
    if given.next().is_some() {
        return Err(AuthError::Scheme);
    }
    let text = header.to_str().map_err(|_| AuthError::Scheme)?;
    let (scheme, value) = text.split_once(' ').ok_or(AuthError::Scheme)?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !value.is_empty() {
        return Ok(value.to_owned());
    }
    if scheme.eq_ignore_ascii_case("basic") && matches!(style, Style::Git | Style::NuGet) {
        return password(value).ok_or(AuthError::Scheme);
    }
    Err(AuthError::Scheme)
}

fn api_key(headers: &HeaderMap, style: Style) -> Result<String, AuthError> {
    let key = headers.get(API_KEY).filter(|_| style == Style::NuGet);
    let key = key.ok_or(AuthError::Missing)?;
    let key = key.to_str().map_err(|_| AuthError::Scheme)?.trim();
    match key.is_empty() {
        true => Err(AuthError::Missing),
        false => Ok(key.to_owned()),
    }
}

// git sends user and password; the token is the password, whoever the user is.
fn password(value: &str) -> Option<String> {
    let pair = String::from_utf8(BASE64_STANDARD.decode(value).ok()?).ok()?;
    let (_, password) = pair.split_once(':')?;
    (!password.is_empty()).then(|| password.to_owned())
}

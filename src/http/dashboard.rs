//! The dashboard, from files in the binary: one page whose views have paths of their own.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Request},
    http::{HeaderMap, Method, Uri, header::ACCEPT},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::RustEmbed;
use serde_json::{Value, json};
use sluice_rest::Problem;
use sluice_schema::ErrorCode;

use super::{
    Edge,
    files::{self, Terms},
    home,
};
use crate::config::Mode;

#[derive(RustEmbed)]
#[folder = "web/dist"]
struct Files;

/// Where people sign in to the dashboard: an identity provider that speaks OpenID Connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// The provider, as it stands in `iss` of its tokens.
    pub issuer: String,
    /// What it knows the dashboard as: a public client with PKCE.
    pub client_id: String,
    /// The audience that tokens must have.
    pub audience: String,
}

/// `/`, the files of the page, and `/dashboard.json`: what it must know before anybody signs in.
pub(super) fn router(edge: &Edge) -> Router {
    let settings = Arc::new(settings(edge));
    let policy: Arc<str> = policy(edge.sign_in.as_ref()).into();
    let mode = edge.mode;
    Router::new()
        .route(
            "/",
            get(move |headers: HeaderMap| async move {
                page(&headers, &policy).unwrap_or_else(|| home::page(mode))
            }),
        )
        .route(
            "/assets/{*path}",
            get(
                |Path(path): Path<String>, headers: HeaderMap| async move { asset(&path, &headers) },
            ),
        )
        .route(
            "/dashboard.json",
            get(move || async move { Json((*settings).clone()) }),
        )
}

/// The page at the paths of its views. Some of them are commands' paths as well: who asks for a
/// page gets it, and programs, which do not, get what is there.
pub(super) fn views(router: Router, edge: &Edge) -> Router {
    let policy: Arc<str> = policy(edge.sign_in.as_ref()).into();
    router.layer(from_fn(move |request: Request, next: Next| {
        let policy = policy.clone();
        async move {
            match view(&request, &policy) {
                Some(page) => page,
                None => next.run(request).await,
            }
        }
    }))
}

fn view(request: &Request, policy: &str) -> Option<Response> {
    let headers = request.headers();
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    let wants_page = accept.is_some_and(|kinds| kinds.contains("text/html"));
    let may_be_view = *request.method() == Method::GET && !is_taken(request.uri().path());
    (wants_page && may_be_view).then(|| page(headers, policy))?
}

// What people open in a browser that is no view.
fn is_taken(path: &str) -> bool {
    let first = path.split('/').nth(1).unwrap_or_default();
    let taken = [
        "",
        "api",
        "assets",
        "dashboard.json",
        "git",
        "graphiql",
        "graphql",
        "healthz",
        "metrics",
        "nuget",
        "openapi.json",
        "readyz",
    ];
    taken.contains(&first)
}

fn page(request: &HeaderMap, policy: &str) -> Option<Response> {
    let terms = Terms {
        policy,
        named_by_content: false,
    };
    files::file::<Files>("index.html", request, terms)
}

fn asset(path: &str, request: &HeaderMap) -> Response {
    let terms = Terms {
        policy: "default-src 'none'",
        named_by_content: true,
    };
    files::file::<Files>(&format!("assets/{path}"), request, terms).unwrap_or_else(|| {
        Problem::new(ErrorCode::NotFound, "there is no such file").into_response()
    })
}

// Menus and graphs set styles on their elements; everything else comes from this server, but for
// the tokens of the identity provider.
fn policy(sign_in: Option<&SignIn>) -> String {
    let provider = sign_in
        .and_then(|it| origin(&it.issuer))
        .unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self' {provider}; \
         manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

fn origin(url: &str) -> Option<String> {
    let url: Uri = url.parse().ok()?;
    Some(format!("{}://{}", url.scheme_str()?, url.authority()?))
}

fn settings(edge: &Edge) -> Value {
    let sign_in = edge.sign_in.as_ref().map(
        |it| json!({ "issuer": it.issuer, "clientId": it.client_id, "audience": it.audience }),
    );
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "mode": edge.mode.as_str(),
        "graphiql": edge.mode == Mode::Embedded,
        "signIn": sign_in,
    })
}

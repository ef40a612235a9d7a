//! GraphiQL, from files in the binary.

use axum::{
    Router,
    body::Body,
    extract::Path,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
            REFERRER_POLICY,
        },
    },
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::RustEmbed;
use sluice_rest::Problem;
use sluice_schema::ErrorCode;

#[derive(RustEmbed)]
#[folder = "web/graphiql/dist"]
struct Files;

// The editor sets styles on its elements; scripts come from this server alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// `/graphiql` and its files.
pub(super) fn router() -> Router {
    let page = |headers: HeaderMap| async move { file("index.html", &headers) };
    Router::new()
        .route("/graphiql", get(page))
        .route("/graphiql/", get(page))
        .route(
            "/graphiql/{*path}",
            get(
                |Path(path): Path<String>, headers: HeaderMap| async move { file(&path, &headers) },
            ),
        )
}

fn file(path: &str, request: &HeaderMap) -> Response {
    // A folder that was never built holds a hidden file alone.
    let found = Files::get(path).filter(|_| !path.starts_with('.'));
    let Some(file) = found else {
        let detail = "there is no such file; `make graphiql` builds the page";
        return Problem::new(ErrorCode::NotFound, detail).into_response();
    };
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let known = request
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|tags| tags == "*" || tags.split(',').any(|one| same(one, &tag)));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(file.data).into_response()
    };
    let kind = kind_of(path, file.metadata.mimetype());
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, kind.as_str()),
        (ETAG, tag.as_str()),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    response
}

// A compressor on the way turns tags into weak ones: they still name the same file.
fn same(given: &str, tag: &str) -> bool {
    given.trim().trim_start_matches("W/") == tag
}

fn kind_of(path: &str, guessed: &str) -> String {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js") => "text/javascript; charset=utf-8".to_owned(),
        _ if guessed.starts_with("text/") => format!("{guessed}; charset=utf-8"),
        _ => guessed.to_owned(),
    }
}

//! GraphiQL, from files in the binary.

use axum::{
    Router,
    extract::Path,
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::RustEmbed;
use sluice_rest::Problem;
use sluice_schema::ErrorCode;

use super::files::{self, Terms};

#[derive(RustEmbed)]
#[folder = "web/graphiql/dist"]
struct Files;

// The editor sets styles on its elements; scripts come from this server alone.
const TERMS: Terms<'_> = Terms {
    policy: "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
        img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; \
        form-action 'none'; frame-ancestors 'none'",
    named_by_content: false,
};

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
    files::file::<Files>(path, request, TERMS).unwrap_or_else(|| {
        let detail = "there is no such file; `make graphiql` builds the page";
        Problem::new(ErrorCode::NotFound, detail).into_response()
    })
}

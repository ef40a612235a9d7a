//! The page at the root of a server that was built without the dashboard: what is where.

use axum::{
    http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    response::{IntoResponse, Response},
};

use crate::config::Mode;

const GRAPHIQL: &str =
    "<li><a href=\"/graphiql\">/graphiql</a>: try queries and mutations in the browser</li>\n";

/// Names the server's URLs.
pub(super) fn page(mode: Mode) -> Response {
    let graphiql = match mode {
        Mode::Embedded => GRAPHIQL,
        Mode::Production => "",
    };
    let version = env!("CARGO_PKG_VERSION");
    let page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Sluice</title></head><body>\n<h1>Sluice {version}</h1>\n\
         <p>One GraphQL API over the whole software delivery chain.</p>\n<ul>\n\
         <li><code>POST /graphql</code>: the API, with a bearer token</li>\n{graphiql}\
         <li><a href=\"/openapi.json\">/openapi.json</a>: the commands as REST</li>\n\
         <li><code>/git/&lt;tenant&gt;/&lt;project&gt;/&lt;name&gt;.git</code>: repositories, \
         to clone with the token as password</li>\n\
         <li><a href=\"/readyz\">/readyz</a>, <a href=\"/healthz\">/healthz</a>, \
         <a href=\"/metrics\">/metrics</a>: how the server fares</li>\n</ul>\n</body></html>\n"
    );
    let policy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, policy),
    ];
    (headers, page).into_response()
}

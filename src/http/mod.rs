//! The HTTP edge: routes, identity, limits, traces. It knows no rules of the domain.

pub mod dashboard;
mod files;
mod git;
mod graphiql;
pub mod graphql;
mod health;
mod home;
mod identity;
mod observe;
mod origins;
mod refusal;
pub mod stream;
mod trace;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderName, HeaderValue, header},
    middleware::{from_fn, from_fn_with_state},
    routing::{get, post},
};
use metrics_exporter_prometheus::PrometheusHandle;
use sluice_git_host::GitHost;
use sluice_kernel::directory::RepositoryDirectory;
use sluice_rest::Problem;
use sluice_schema::ErrorCode;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, CompressionLevel,
        predicate::{DefaultPredicate, NotForContentType, Predicate},
    },
    decompression::RequestDecompressionLayer,
    sensitive_headers::SetSensitiveRequestHeadersLayer,
    set_header::SetResponseHeaderLayer,
};

use crate::{
    auth::Authenticator,
    config::{HttpConfig, Mode},
};
use identity::{Guard, Style};

pub use origins::Origins;
pub use trace::Trace;

/// What the edge asks of the server to tell whether it is ready.
#[async_trait]
pub trait Readiness: Send + Sync {
    /// Everything that must answer, by name, with what is wrong with it.
    async fn checks(&self) -> Vec<(String, Result<(), String>)>;
    /// Told before metrics are shown, so that gauges are fresh.
    async fn refresh_metrics(&self);
}

/// Everything that the edge stands on.
#[derive(Clone)]
pub struct Edge {
    /// Judges tokens.
    pub authenticator: Arc<Authenticator>,
    /// Pages that may call.
    pub origins: Origins,
    /// Where people sign in to the dashboard; with a token alone when there is none.
    pub sign_in: Option<dashboard::SignIn>,
    /// Limits.
    pub http: HttpConfig,
    /// How the server runs.
    pub mode: Mode,
    /// Prepares and executes GraphQL.
    pub graphql: graphql::Engine,
    /// Connections that last.
    pub streams: stream::Streams,
    /// REST endpoints of the services.
    pub rest: Router,
    /// REST endpoints whose bodies carry files, so that the larger limit holds.
    pub rest_with_files: Router,
    /// The package feeds, which bound their bodies themselves.
    pub nuget: Router,
    /// Their description, OpenAPI 3.1.
    pub openapi: Arc<serde_json::Value>,
    /// Who may see which repository.
    pub repositories: Arc<dyn RepositoryDirectory>,
    /// Where the repositories are.
    pub git: Arc<dyn GitHost>,
    /// Whether the server is ready.
    pub readiness: Arc<dyn Readiness>,
    /// The process's metrics.
    pub metrics: PrometheusHandle,
}

/// The whole router.
pub fn router(edge: Edge) -> Router {
    let open = Router::new()
        .route("/openapi.json", get(openapi))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .with_state(edge.clone());
    let mut router = Router::new()
        .merge(open)
        .merge(dashboard::router(&edge))
        .merge(graphql_routes(&edge))
        .merge(rest_routes(&edge))
        .merge(nuget_routes(&edge))
        .merge(git_routes(&edge));
    if edge.mode == Mode::Embedded {
        router = router.merge(graphiql::router());
    }
    let router = router
        .fallback(|| async { Problem::new(ErrorCode::NotFound, "there is nothing at this path") })
        .method_not_allowed_fallback(method_not_allowed);
    let mut router = dashboard::views(router, &edge);
    if let Some(cors) = edge.origins.cors() {
        router = router.layer(cors);
    }
    with_layers(router)
}

fn with_layers(router: Router) -> Router {
    // Packs are compressed already, and streaming them must not wait for a compressor.
    let compressible = DefaultPredicate::new()
        .and(NotForContentType::const_new("application/x-git"))
        .and(NotForContentType::const_new("application/octet-stream"));
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(compressible);
    let nosniff = SetResponseHeaderLayer::overriding(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    let secrets = [
        header::AUTHORIZATION,
        header::COOKIE,
        HeaderName::from_static("idempotency-key"),
        HeaderName::from_static(identity::API_KEY),
    ];
    router
        .layer(CatchPanicLayer::custom(refusal::panicked))
        .layer(from_fn(observe::observe))
        .layer(nosniff)
        .layer(compression)
        .layer(SetSensitiveRequestHeadersLayer::new(secrets))
}

fn guard(edge: &Edge, style: Style) -> Guard {
    Guard {
        authenticator: edge.authenticator.clone(),
        timeout: edge.http.request_timeout,
        style,
    }
}

fn graphql_routes(edge: &Edge) -> Router {
    Router::new()
        .route("/graphql", post(graphql::post).get(graphql::get))
        .layer(DefaultBodyLimit::max(edge.http.graphql_body_limit))
        .layer(from_fn_with_state(
            guard(edge, Style::GraphQl),
            identity::identify,
        ))
        .layer(from_fn_with_state(edge.streams.clone(), stream::intercept))
        .layer(from_fn_with_state(edge.origins.clone(), origins::guard))
        .with_state(edge.graphql.clone())
}

fn rest_routes(edge: &Edge) -> Router {
    let plain = edge.rest.clone();
    let files = edge.rest_with_files.clone();
    let limited = plain.layer(DefaultBodyLimit::max(edge.http.body_limit));
    let large = files.layer(DefaultBodyLimit::max(edge.http.graphql_body_limit));
    let merged = limited.merge(large);
    // A layer on a router without routes is refused by the framework's own checks.
    if !merged.has_routes() {
        return merged;
    }
    merged.layer(from_fn_with_state(
        guard(edge, Style::Problem),
        identity::identify,
    ))
}

fn nuget_routes(edge: &Edge) -> Router {
    let feeds = edge.nuget.clone();
    if !feeds.has_routes() {
        return feeds;
    }
    // A package of the largest size takes longer than a command.
    let guard = Guard {
        timeout: edge.http.request_timeout * 5,
        ..guard(edge, Style::NuGet)
    };
    feeds
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(guard, identity::identify))
}

fn git_routes(edge: &Edge) -> Router {
    let state = git::GitState {
        repositories: edge.repositories.clone(),
        git: edge.git.clone(),
    };
    let base = "/git/{tenant}/{project}/{repository}";
    Router::new()
        .route(&format!("{base}/info/refs"), get(git::info_refs))
        .route(&format!("{base}/git-upload-pack"), post(git::upload_pack))
        .route(&format!("{base}/git-receive-pack"), post(git::receive_pack))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestDecompressionLayer::new())
        .layer(from_fn_with_state(
            guard(edge, Style::Git),
            identity::identify,
        ))
        .with_state(state)
}

async fn openapi(State(edge): State<Edge>) -> Json<serde_json::Value> {
    Json((*edge.openapi).clone())
}

async fn method_not_allowed() -> Problem {
    let mut problem = Problem::new(ErrorCode::BadRequest, "this path does not take the method");
    problem.status = 405;
    problem
}

/// Buckets of durations of requests and runs, in seconds.
pub(crate) const DURATION_BUCKETS: &[f64] = &[
    0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
    300.0, 900.0, 3_600.0,
];

/// How often histograms are folded, so that they do not grow while nobody asks.
pub(crate) const METRICS_UPKEEP: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;

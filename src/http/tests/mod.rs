mod bombs;
mod edge;
mod git;
mod graphql;
mod operations;

use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::{
    Context, EmptySubscription, Object, Request as GraphQlRequest, Response as GraphQlResponse,
    Schema,
};
use axum::{
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode},
    response::Response,
};
use futures::stream::BoxStream;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use sluice_git_host::{Limits, LocalGitHost};
use sluice_kernel::{BoxFault, Ctx, directory::RepositoryView};
use sluice_resolvers::stream::{Delivered, Range};
use sluice_schema::{ProjectId, RepositoryId, TypedId};
use tower::ServiceExt;

use super::{
    graphql::{Engine, GraphQl},
    *,
};
use crate::{
    auth::{LocalKey, TokenRequest},
    config::{Config, GraphqlConfig},
};

struct Query;

fn boom() -> i32 {
    panic!("on purpose")
}

#[Object]
impl Query {
    async fn tenant(&self, ctx: &Context<'_>) -> String {
        ctx.data_unchecked::<Ctx>().tenant().to_string()
    }
    async fn twice(&self, x: i32) -> i32 {
        x * 2
    }
    async fn broken(&self) -> async_graphql::Result<i32> {
        Err("broken".into())
    }
    async fn panics(&self) -> i32 {
        boom()
    }
    async fn later(&self) -> i32 {
        tokio::task::yield_now().await;
        1
    }
    #[graphql(complexity = "usize::try_from(first).unwrap_or(0)")]
    async fn many(&self, first: i32) -> Vec<i32> {
        (0..first).collect()
    }
    async fn endless(&self) -> i32 {
        std::future::pending().await
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn order(&self, ctx: &Context<'_>, n: i32) -> Vec<i32> {
        let seen = ctx.data_unchecked::<Arc<std::sync::Mutex<Vec<i32>>>>();
        tokio::task::yield_now().await;
        seen.lock().unwrap().push(n);
        seen.lock().unwrap().clone()
    }
    async fn key(&self, ctx: &Context<'_>) -> Option<String> {
        let ctx = ctx.data_unchecked::<Ctx>();
        ctx.statements().add();
        let key = ctx.idempotency()?;
        Some(format!("{} {}", key.key, key.fingerprint.hex()))
    }
}

struct Executor {
    schema: Schema<Query, Mutation, EmptySubscription>,
    // Operations that got past the edge.
    executed: Arc<AtomicUsize>,
}

#[async_trait]
impl GraphQl for Executor {
    async fn execute(&self, ctx: Ctx, request: GraphQlRequest) -> GraphQlResponse {
        self.executed.fetch_add(1, Ordering::Relaxed);
        self.schema.execute(request.data(ctx)).await
    }

    async fn subscribe(
        &self,
        ctx: Ctx,
        request: GraphQlRequest,
        _: Option<Range>,
    ) -> Result<BoxStream<'static, Delivered>, Box<GraphQlResponse>> {
        Err(Box::new(self.execute(ctx, request).await))
    }
}

/// Knows the repository `demo/greeter` of the tenant `acme`.
struct OneRepository;

#[async_trait]
impl RepositoryDirectory for OneRepository {
    async fn repository(
        &self,
        _: &Ctx,
        _: RepositoryId,
    ) -> Result<Option<RepositoryView>, BoxFault> {
        Ok(None)
    }

    async fn repository_by_name(
        &self,
        ctx: &Ctx,
        project: &ProjectId,
        name: &str,
    ) -> Result<Option<RepositoryView>, BoxFault> {
        let known = ctx.tenant().as_str() == "acme" && project.as_str() == "demo";
        Ok((known && name == "greeter").then(|| RepositoryView {
            id: RepositoryId::generate(),
            tenant_id: ctx.tenant().clone(),
            project_id: project.clone(),
            module_id: None,
            name: name.to_owned(),
            default_branch: "main".to_owned(),
            is_writable: true,
        }))
    }
}

struct NoLedger;

#[async_trait]
impl stream::Heads for NoLedger {
    async fn head(&self, _: &Ctx) -> Result<u64, BoxFault> {
        Ok(0)
    }
}

struct Ready(bool);

#[async_trait]
impl Readiness for Ready {
    async fn checks(&self) -> Vec<(String, Result<(), String>)> {
        let outcome = if self.0 {
            Ok(())
        } else {
            Err("a password".to_owned())
        };
        vec![("store".to_owned(), outcome)]
    }
    async fn refresh_metrics(&self) {}
}

struct Server {
    dir: tempfile::TempDir,
    edge: Edge,
    token: String,
    executed: Arc<AtomicUsize>,
}

fn server() -> Server {
    server_with(|_| {})
}

fn server_with(change: impl FnOnce(&mut GraphqlConfig)) -> Server {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::embedded_in(dir.path()).unwrap();
    config.http.request_timeout = Duration::from_secs(30);
    config.http.graphql_body_limit = 4_096;
    config.http.body_limit = 1_024;
    change(&mut config.graphql);
    let key = LocalKey::open(dir.path()).unwrap();
    let authenticator = Authenticator::own(&config.auth, key);
    let request = TokenRequest::all_rights("acme".parse().unwrap(), "ada");
    let token = authenticator.sign(&request).unwrap();
    let echo = |command: sluice_rest::Command<Value>| async move { Json(command.input) };
    let executed = Arc::new(AtomicUsize::new(0));
    let executor = Arc::new(Executor {
        schema: Schema::build(Query, Mutation, EmptySubscription)
            .extension(sluice_resolvers::Metered)
            .data(Arc::new(std::sync::Mutex::new(Vec::<i32>::new())))
            .finish(),
        executed: executed.clone(),
    });
    let (authenticator, graphql) = (
        Arc::new(authenticator),
        Engine::new(executor, &config.graphql),
    );
    let streams = stream::Streams::new(stream::Parts {
        authenticator: authenticator.clone(),
        engine: graphql.clone(),
        heads: Arc::new(NoLedger),
        settings: config.stream,
        http: config.http.clone(),
    });
    let edge = Edge {
        authenticator,
        origins: Origins::new("http://sluice.test", &["https://pages.test".to_owned()]),
        sign_in: None,
        http: config.http,
        mode: Mode::Embedded,
        graphql,
        streams,
        rest: Router::new().route("/things", post(echo)),
        rest_with_files: Router::new().route("/files", post(echo)),
        nuget: Router::new().route("/nuget/things", post(echo)),
        openapi: Arc::new(json!({"openapi": "3.1.0"})),
        repositories: Arc::new(OneRepository),
        git: Arc::new(LocalGitHost::new(dir.path().join("git"), Limits::default()).unwrap()),
        readiness: Arc::new(Ready(true)),
        metrics: PrometheusBuilder::new().build_recorder().handle(),
    };
    Server {
        dir,
        edge,
        token,
        executed,
    }
}

struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
    fn code(&self) -> String {
        let json = self.json();
        let code = json
            .pointer("/errors/0/extensions/code")
            .or(json.get("code"));
        code.and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

impl Server {
    async fn send(&self, request: Request<Body>) -> Answer {
        let response: Response = router(self.edge.clone()).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let bearer = format!("Bearer {}", self.token);
        Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", bearer)
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).body(Body::empty()).unwrap())
            .await
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = self.request(Method::POST, path);
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into()).unwrap()).await
    }

    async fn query(&self, accept: &str, body: Value) -> Answer {
        self.post("/graphql", &[("accept", accept)], body.to_string())
            .await
    }
}

const NEW: &str = "application/graphql-response+json";
const OLD: &str = "application/json";

use std::path::Path as FilePath;

use super::*;
use crate::http::dashboard::SignIn;

#[tokio::test]
async fn without_a_good_token_there_is_401_and_a_challenge_in_the_words_of_the_path() {
    let server = server();
    let send = async |method: Method, path: &str, authorization: Option<&str>| {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        server.send(request.body(Body::empty()).unwrap()).await
    };
    for given in [
        None,
        Some("Bearer x.y.z"),
        Some("Bearer"),
        Some("Basic YTpi"),
        Some("x"),
    ] {
        let answer = send(Method::POST, "/graphql", given).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (401, "UNAUTHENTICATED")
        );
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
        let answer = send(Method::POST, "/things", given).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (401, "UNAUTHENTICATED")
        );
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let answer = send(Method::GET, "/git/acme/demo/greeter.git/info/refs", given).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(answer.header("www-authenticate").starts_with("Basic"));
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let server = server();
    let answer = server.get("/nosuch").await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (404, "NOT_FOUND")
    );
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let request = server
        .request(Method::DELETE, "/graphql")
        .body(Body::empty())
        .unwrap();
    let answer = server.send(request).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (405, "BAD_REQUEST")
    );
    assert!(
        answer.header("allow").contains("POST"),
        "{:?}",
        answer.headers
    );
    assert_eq!(server.get("/things").await.status, 405);
}

#[tokio::test]
async fn a_path_that_is_no_text_is_refused_in_the_words_of_the_path() {
    let mut server = server();
    let read = |axum::extract::Path(_): axum::extract::Path<String>| async { "read" };
    server.edge.rest = Router::new().route("/things/{id}", axum::routing::get(read));
    for (path, kind) in [
        ("/things/%ff", "application/problem+json"),
        ("/things/a%c3%28", "application/problem+json"),
        (
            "/git/acme/demo/%ff.git/info/refs",
            "text/plain; charset=utf-8",
        ),
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.header("content-type"), kind, "{path}");
    }
    for path in ["/things/%c3%a4", "/things/100%", "/things/%zz"] {
        assert_eq!(server.get(path).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_request_that_takes_too_long_or_panics_ends_in_an_answer() {
    let mut server = server();
    server.edge.http.request_timeout = Duration::from_millis(50);
    let answer = server.query(NEW, json!({"query": "{endless}"})).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (504, "DEADLINE_EXCEEDED")
    );
    let answer = server.query(NEW, json!({"query": "{panics}"})).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (500, "INTERNAL")
    );
    assert!(!answer.body.contains("on purpose"));
}

#[tokio::test]
async fn a_callers_trace_goes_on_and_a_missing_one_begins() {
    let server = server();
    let id = "0af7651916cd43dd8448eb211c80319c";
    let parent = format!("00-{id}-b7ad6b7169203331-01");
    let headers = [("traceparent", parent.as_str()), ("x-request-id", "r-1")];
    let answer = server.post("/things", &headers, "{}").await;
    assert_eq!(answer.header("sluice-trace-id"), id);
    assert_eq!(answer.header("x-request-id"), "r-1");
    assert_eq!(
        server.get("/healthz").await.header("sluice-trace-id").len(),
        32
    );
}

#[tokio::test]
async fn graphiql_is_served_with_a_strict_policy_in_the_embedded_mode_alone() {
    let mut server = server();
    let built = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("web/graphiql/dist/app.js");
    if built.exists() {
        let page = server.get("/graphiql").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(
            page.header("content-security-policy")
                .contains("script-src 'self';")
        );
        let script = server.get("/graphiql/app.js").await;
        assert_eq!(
            script.header("content-type"),
            "text/javascript; charset=utf-8"
        );
        let again = server.request(Method::GET, "/graphiql/app.js");
        let again = again.header("if-none-match", script.header("etag"));
        let again = server.send(again.body(Body::empty()).unwrap()).await;
        assert_eq!((again.status.as_u16(), again.body.as_str()), (304, ""));
    }
    for path in [
        "/graphiql/nosuch.js",
        "/graphiql/../Cargo.toml",
        "/graphiql/.gitkeep",
    ] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
    server.edge.mode = Mode::Production;
    assert_eq!(server.get("/graphiql").await.status, 404);
    assert!(!server.get("/").await.body.contains("graphiql"));
}

#[tokio::test]
async fn the_dashboard_has_its_own_paths_and_takes_nobody_elses() {
    let mut server = server();
    let settings = server.get("/dashboard.json").await.json();
    assert_eq!(
        (&settings["mode"], &settings["signIn"]),
        (&json!("embedded"), &json!(null))
    );
    let wanting = |path: &str, kinds: &str| {
        let request = server.request(Method::GET, path).header("accept", kinds);
        server.send(request.body(Body::empty()).unwrap())
    };
    let home = wanting("/", "text/html").await;
    assert_eq!(home.status, 200);
    // Built with the dashboard, every view's address is its page; without it, nothing is there.
    let view = wanting("/run/run_1?tab=log", "text/html,*/*;q=0.8").await;
    let built = home.body.contains("id=\"root\"");
    assert_eq!(view.status.as_u16(), if built { 200 } else { 404 });
    let shared = wanting("/things", "text/html,*/*;q=0.8").await;
    assert_eq!(shared.status.as_u16(), if built { 200 } else { 405 });
    assert_eq!(wanting("/things", "application/json").await.status, 405);
    for (path, kinds) in [
        ("/run/run_1", "application/json"),
        ("/api/nothing", "text/html"),
        ("/nuget/nothing", "text/html"),
        ("/assets/nothing.js", "text/html"),
        ("/assets/../index.html", "*/*"),
    ] {
        let answer = wanting(path, kinds).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.json()["code"], "NOT_FOUND", "{path}");
    }
    let posted = server.request(Method::POST, "/run/run_1");
    let posted = posted.header("accept", "text/html").body(Body::empty());
    assert_eq!(server.send(posted.unwrap()).await.status, 404);
    server.edge.sign_in = Some(SignIn {
        issuer: "https://id.example/realm".to_owned(),
        client_id: "dashboard".to_owned(),
        audience: "sluice".to_owned(),
    });
    let settings = server.get("/dashboard.json").await.json();
    let expected = json!({"issuer": "https://id.example/realm", "clientId": "dashboard", "audience": "sluice"});
    assert_eq!(settings["signIn"], expected);
    if built {
        let page = server.get("/").await;
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("connect-src 'self' https://id.example;"),
            "{policy}"
        );
    }
}

#[tokio::test]
async fn health_tells_what_fails_and_not_why() {
    let mut server = server();
    assert_eq!(server.get("/healthz").await.status, 200);
    let ready = json!({"ready": true, "checks": {"store": "ok"}});
    assert_eq!(server.get("/readyz").await.json(), ready);
    server.edge.readiness = Arc::new(Ready(false));
    let answer = server.get("/readyz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        answer.json(),
        json!({"ready": false, "checks": {"store": "failing"}})
    );
    assert_eq!(server.get("/metrics").await.status, 200);
    assert_eq!(
        server.get("/openapi.json").await.json(),
        json!({"openapi": "3.1.0"})
    );
}

#[tokio::test]
async fn package_clients_may_send_the_token_as_their_key_and_nobody_else_may() {
    let server = server();
    let with_key = |path: &str, key: &str| {
        Request::builder()
            .method(Method::POST)
            .uri(path)
            .header("x-nuget-apikey", key)
            .header("content-type", "application/json")
            .body(Body::from("{}"))
            .unwrap()
    };
    let answer = server.send(with_key("/nuget/things", &server.token)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    for (path, key) in [
        ("/things", server.token.as_str()),
        ("/nuget/things", "nonsense"),
        ("/nuget/things", ""),
    ] {
        let answer = server.send(with_key(path, key)).await;
        assert_eq!(answer.status, 401, "{path} with {key:?}");
        // Without this challenge NuGet clients never send what they were given.
        let challenge = answer.header("www-authenticate").to_owned();
        assert_eq!(
            challenge.starts_with("Basic"),
            path != "/things",
            "{challenge}"
        );
    }
}

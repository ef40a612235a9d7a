use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Response},
};
use serde_json::{Value, json};

use super::*;

type Seen = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A server that gives these answers in turn, the last one for ever, and keeps what it was asked.
async fn server(answers: Vec<(u16, &'static str, String)>) -> (Client, Seen) {
    let answers = Arc::new(Mutex::new(VecDeque::from(answers)));
    let seen = Seen::default();
    let kept = seen.clone();
    let answer = move |headers: HeaderMap, body: Bytes| {
        kept.lock().unwrap().push((headers, body));
        let mut answers = answers.lock().unwrap();
        let next = answers.front().cloned().unwrap();
        if answers.len() > 1 {
            answers.pop_front();
        }
        let (status, location, body) = next;
        let response = Response::builder()
            .status(status)
            .header("location", location);
        async move { response.body(axum::body::Body::from(body)).unwrap() }
    };
    let app = Router::new().fallback(answer);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (
        Client::new(Connection::new(&url, "word").unwrap()).unwrap(),
        seen,
    )
}

async fn answered(status: u16, body: impl Into<String>) -> Result<Value, ClientError> {
    let (client, _) = server(vec![(status, "", body.into())]).await;
    client.execute("{ a }", json!({})).await
}

#[tokio::test]
async fn a_request_carries_document_variables_and_token() {
    let (client, seen) = server(vec![(200, "", r#"{"data":{"a":1}}"#.to_owned())]).await;
    let data: Value = client.execute("{ a }", json!({"x": 2})).await.unwrap();
    assert_eq!(data, json!({"a": 1}));
    let (headers, body) = seen.lock().unwrap().remove(0);
    assert_eq!(headers["authorization"], "Bearer word");
    assert_eq!(headers["content-type"], "application/json");
    let sent: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(sent, json!({"query": "{ a }", "variables": {"x": 2}}));
}

#[tokio::test]
async fn an_error_keeps_code_place_trace_and_whether_to_repeat() {
    let busy = json!({"message": "busy", "path": ["a", 0], "extensions":
        {"code": "UNAVAILABLE", "retryable": true, "traceId": "t1"}});
    let body = json!({"data": null, "errors": [busy]}).to_string();
    let Err(ClientError::Api(error)) = answered(200, body).await else {
        panic!("no error")
    };
    assert_eq!(error.to_string(), "UNAVAILABLE: busy (at a.0) [trace t1]");
    assert!(error.retryable);
    let refused = json!({"message": "no", "extensions": {"code": "FORBIDDEN", "field": "x"}});
    let body = json!({"data": null, "errors": [busy, refused]}).to_string();
    let Err(ClientError::Api(error)) = answered(400, body).await else {
        panic!("no error")
    };
    assert_eq!(
        (error.code.as_str(), error.path.as_deref()),
        ("FORBIDDEN", Some("x"))
    );
    assert!(!error.retryable);
}

#[tokio::test]
async fn answers_that_are_no_graphql_tell_the_status() {
    let problem = json!({"title": "Unauthorized", "detail": "the token is expired"}).to_string();
    let error = answered(401, problem).await.unwrap_err();
    assert_eq!(error.to_string(), "UNAUTHENTICATED: the token is expired");
    assert!(!error.retryable());
    let error = answered(502, "<html>\u{1b}[31m").await.unwrap_err();
    assert!(error.retryable());
    assert!(
        error.to_string().ends_with("answers HTTP 502: <html>[31m"),
        "{error}"
    );
    let error = answered(413, "").await.unwrap_err();
    assert!(
        matches!(error, ClientError::RequestTooLarge { .. }),
        "{error}"
    );
    for body in ["", "[]", "{}", "not json"] {
        let error = answered(200, body).await.unwrap_err();
        assert!(
            matches!(error, ClientError::Malformed { .. }),
            "{body:?}: {error}"
        );
        assert!(!error.retryable());
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_so_that_the_token_stays_here() {
    let (elsewhere, seen) = server(vec![(200, "", r#"{"data":{}}"#.to_owned())]).await;
    let target: &'static str = elsewhere.base().to_owned().leak();
    let (client, _) = server(vec![(307, target, String::new())]).await;
    let error = client
        .execute::<Value>("{ a }", json!({}))
        .await
        .unwrap_err();
    assert!(
        matches!(error, ClientError::Status { status: 307, .. }),
        "{error}"
    );
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let (mut client, _) = server(vec![(200, "", "x".repeat(2_000))]).await;
    client.max_answer = 1_000;
    let error = client
        .execute::<Value>("{ a }", json!({}))
        .await
        .unwrap_err();
    assert!(
        matches!(error, ClientError::AnswerTooLarge(1_000)),
        "{error}"
    );
}

#[tokio::test]
async fn a_request_is_repeated_until_the_server_is_back() {
    let away = || (503, "", String::new());
    let (client, seen) = server(vec![away(), away(), (200, "", r#"{"data":7}"#.to_owned())]).await;
    let mut told = Vec::new();
    let mut tell = |waiting: Waiting<'_>| match waiting {
        Waiting::Again { error, .. } => told.push(error.to_string()),
        Waiting::Back => told.push("back".to_owned()),
    };
    let mut patience = Patience::new(Duration::from_secs(60));
    let data: Result<Value, _> = client
        .persist("{ a }", json!({}), &mut patience, &mut tell)
        .await;
    assert_eq!(data.unwrap(), json!(7));
    assert_eq!(told.len(), 3);
    assert_eq!(told.last().map(String::as_str), Some("back"));
    let bodies: Vec<_> = seen
        .lock()
        .unwrap()
        .iter()
        .map(|(_, body)| body.clone())
        .collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]) && bodies.len() == 3);
}

#[tokio::test]
async fn a_server_that_stays_away_ends_the_patience() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = Client::new(Connection::new(&url, "word").unwrap()).unwrap();
    let mut patience = Patience::new(Duration::from_millis(300));
    let gone: Result<Value, _> = client
        .persist("{ a }", json!({}), &mut patience, &mut |_| {})
        .await;
    let Err(ClientError::GaveUp { last, waited }) = gone else {
        panic!("{gone:?}")
    };
    assert!(matches!(*last, ClientError::Connection { .. }), "{last}");
    assert!(waited >= Duration::from_millis(300));
}

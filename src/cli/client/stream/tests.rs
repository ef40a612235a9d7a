use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Response},
};
use serde_json::json;

use super::*;
use crate::cli::client::Connection;

/// What a stream is answered with: a status, a type and chunks; the connection breaks behind them
/// when `broken`, and chunks that are not yet sent are lost with it.
#[derive(Clone)]
struct Script {
    status: u16,
    kind: &'static str,
    chunks: Vec<String>,
    broken: bool,
}

fn events(chunks: &[&str], broken: bool) -> Script {
    Script {
        status: 200,
        kind: "text/event-stream; charset=utf-8",
        chunks: chunks.iter().map(ToString::to_string).collect(),
        broken,
    }
}

fn refusal(status: u16, code: &str, retryable: bool) -> Script {
    let error = json!({"message": "no", "extensions": {"code": code, "retryable": retryable}});
    Script {
        status,
        kind: "application/json",
        chunks: vec![json!({ "errors": [error] }).to_string()],
        broken: false,
    }
}

fn next(id: &str, value: u64) -> String {
    format!("event: next\nid: {id}\ndata: {{\"data\":{{\"a\":{value}}}}}\n\n")
}

type Asked = Arc<Mutex<Vec<Option<String>>>>;

/// A server that answers so in turn, and what it was asked to go on behind.
async fn server(scripts: Vec<Script>) -> (Subscription, Asked) {
    let scripts = Arc::new(Mutex::new(VecDeque::from(scripts)));
    let asked = Asked::default();
    let kept = asked.clone();
    let answer = move |headers: HeaderMap, _: Bytes| {
        assert_eq!(headers["accept"], "text/event-stream");
        let after = headers.get("last-event-id");
        let after = after.map(|id| id.to_str().unwrap().to_owned());
        kept.lock().unwrap().push(after);
        let script = scripts.lock().unwrap().pop_front().unwrap();
        let mut chunks: Vec<_> = script.chunks.into_iter().map(Ok).collect();
        if script.broken {
            chunks.push(Err(std::io::Error::other("cut")));
        }
        let body = Body::from_stream(futures::stream::iter(chunks));
        let response = Response::builder()
            .status(script.status)
            .header("content-type", script.kind);
        async move { response.body(body).unwrap() }
    };
    let app = Router::new().fallback(answer);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let client = Client::new(Connection::new(&url, "word").unwrap()).unwrap();
    let patience = Patience::new(Duration::from_secs(20));
    let document = "subscription { a }";
    let subscription = Subscription::new(client, document, json!({}), patience).unwrap();
    (subscription, asked)
}

async fn all(subscription: &mut Subscription) -> Result<Vec<u64>, ClientError> {
    let mut values = Vec::new();
    while let Some(item) = subscription.next(&mut |_| {}).await? {
        values.push(item.data["a"].as_u64().unwrap());
    }
    Ok(values)
}

#[tokio::test]
async fn a_broken_stream_goes_on_behind_its_last_item() {
    let (one, two, three) = (next("c1", 1), next("c2", 2), next("c3", 3));
    let (mut subscription, asked) = server(vec![
        events(&[":\n\n", &one, &two[..10]], false),
        refusal(503, "UNAVAILABLE", true),
        events(&[&two], false),
        events(&[&three, "event: complete\ndata:\n\n"], false),
    ])
    .await;
    assert_eq!(all(&mut subscription).await.unwrap(), [1, 2, 3]);
    let asked = asked.lock().unwrap().clone();
    let behind = |cursor: &str| Some(cursor.to_owned());
    assert_eq!(asked, [None, behind("c1"), behind("c1"), behind("c2")]);
}

#[tokio::test]
async fn what_repeating_cannot_help_ends_it_before_and_in_the_stream() {
    let (mut subscription, _) = server(vec![refusal(401, "UNAUTHENTICATED", false)]).await;
    let error = all(&mut subscription).await.unwrap_err();
    assert!(matches!(error, ClientError::Api(error) if error.code == "UNAUTHENTICATED"));
    let expired = "event: next\ndata: {\"data\":null,\"errors\":[{\"message\":\"over\",\
                   \"extensions\":{\"code\":\"UNAUTHENTICATED\"}}]}\n\n";
    let (mut subscription, _) = server(vec![events(&[expired], false)]).await;
    let error = all(&mut subscription).await.unwrap_err();
    assert!(matches!(error, ClientError::Api(error) if error.code == "UNAUTHENTICATED"));
}

#[tokio::test]
async fn an_item_with_errors_beside_its_data_is_an_item() {
    let partial =
        "event: next\nid: 7\ndata: {\"data\":{\"a\":1},\"errors\":[{\"message\":\"x\"}]}\n\n";
    let (mut subscription, _) = server(vec![events(&[partial], false)]).await;
    let item = subscription.next(&mut |_| {}).await.unwrap().unwrap();
    assert_eq!(item.cursor.as_deref(), Some("7"));
    assert_eq!(item.errors.len(), 1);
}

#[tokio::test]
async fn it_tells_of_waiting_and_that_the_stream_is_back() {
    let scripts = vec![events(&[], true), events(&[&next("1", 1)], false)];
    let (mut subscription, _) = server(scripts).await;
    let mut told = Vec::new();
    let mut tell = |waiting: Waiting<'_>| told.push(matches!(waiting, Waiting::Back));
    subscription.next(&mut tell).await.unwrap();
    assert_eq!(told, [false, true]);
}

#[tokio::test]
async fn an_answer_that_is_no_stream_is_not_understood() {
    let plain = Script {
        status: 200,
        kind: "application/json",
        chunks: vec![json!({"data": {"a": 1}}).to_string()],
        broken: false,
    };
    let (mut subscription, _) = server(vec![plain]).await;
    let error = all(&mut subscription).await.unwrap_err();
    assert!(matches!(error, ClientError::Malformed { .. }), "{error}");
}

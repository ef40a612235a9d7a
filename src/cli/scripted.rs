//! A server that answers by a script, for tests of the commands.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::{Value, json};

/// What was asked.
struct Asked {
    operation: String,
    variables: Value,
    token: String,
}

/// Answers by operation, in turn, the last one for ever; and what was asked.
#[derive(Default)]
struct Script {
    answers: HashMap<&'static str, Vec<Value>>,
    asked: Vec<Asked>,
}

impl Script {
    fn answer(&mut self, headers: &HeaderMap, request: &Value) -> Value {
        let document = request["query"].as_str().unwrap();
        let head = document.lines().find(|line| !line.starts_with('#'));
        let operation = head
            .unwrap()
            .split([' ', '(', '{'])
            .nth(1)
            .unwrap()
            .to_owned();
        let token = headers["authorization"].to_str().unwrap();
        self.asked.push(Asked {
            operation: operation.clone(),
            variables: request["variables"].clone(),
            token: token.trim_start_matches("Bearer ").to_owned(),
        });
        let answers = self
            .answers
            .get_mut(operation.as_str())
            .unwrap_or_else(|| panic!("{operation} is not expected"));
        let next = match answers.len() {
            1 => answers[0].clone(),
            _ => answers.remove(0),
        };
        json!({ "data": next })
    }
}

/// The server.
#[derive(Clone)]
pub(super) struct Scripted {
    script: Arc<Mutex<Script>>,
    /// Its base URL.
    pub(super) url: String,
}

impl Scripted {
    pub(super) async fn start() -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let answering = script.clone();
        let answer = move |headers: HeaderMap, Json(request): Json<Value>| {
            // It has no streams: who wants to follow must ask.
            let streams = headers["accept"] == "text/event-stream";
            let answer = (!streams).then(|| answering.lock().unwrap().answer(&headers, &request));
            async move { answer.map(Json).ok_or(StatusCode::NOT_ACCEPTABLE) }
        };
        let app = Router::new().route("/graphql", post(answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { script, url }
    }

    /// Answers `operation` so from now on.
    pub(super) fn on(&self, operation: &'static str, answers: impl IntoIterator<Item = Value>) {
        let answers = answers.into_iter().collect();
        self.script
            .lock()
            .unwrap()
            .answers
            .insert(operation, answers);
    }

    /// The variables of every such request, in order.
    pub(super) fn asked(&self, operation: &str) -> Vec<Value> {
        self.asked_by(operation)
            .into_iter()
            .map(|(variables, _)| variables)
            .collect()
    }

    /// The variables and the token of every such request, in order.
    pub(super) fn asked_by(&self, operation: &str) -> Vec<(Value, String)> {
        let script = self.script.lock().unwrap();
        let asked = script.asked.iter().filter(|it| it.operation == operation);
        asked
            .map(|it| (it.variables.clone(), it.token.clone()))
            .collect()
    }
}

/// The answer of a command that was carried out.
pub(super) fn payload(object: &Value) -> Value {
    json!({"payload": {"object": object, "replayed": false, "userErrors": []}})
}

/// The answer of a command that is refused.
pub(super) fn refused(code: &str) -> Value {
    refused_for(code, &json!([]))
}

/// The answer of a command that is refused for these blockers.
pub(super) fn refused_for(code: &str, blockers: &Value) -> Value {
    let error = json!({"code": code, "message": "no", "path": ["input"], "findings": [],
        "blockers": blockers});
    json!({"payload": {"object": null, "replayed": false, "userErrors": [error]}})
}

//! A GraphQL client that says what went wrong.

use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

/// Calls a server as one user.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

/// An answer of the GraphQL endpoint.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// `sluice-statements`: SQL statements of the request.
    pub statements: u64,
    /// The body.
    pub body: Value,
}

impl Answer {
    /// The data; panics when there are errors.
    pub fn data(&self) -> &Value {
        assert!(self.body.get("errors").is_none(), "{:#}", self.body);
        &self.body["data"]
    }

    /// The code of the first top-level error.
    pub fn error_code(&self) -> &str {
        self.body["errors"][0]["extensions"]["code"]
            .as_str()
            .unwrap_or("none")
    }
}

pub(crate) fn http() -> reqwest::Client {
    // Installed once per process; a second time is refused and means nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

impl Client {
    /// A client of the server at `base` with `token`.
    pub fn new(base: &str, token: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            http: reqwest::Client::new(),
            base: base.to_owned(),
            token: token.to_owned(),
        }
    }

    /// The bearer token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A request to a path of the server, with the token.
    pub fn request(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.token)
    }

    /// Sends an operation.
    ///
    /// # Errors
    /// When the server cannot be reached or ends during the call.
    pub async fn try_send(&self, query: &str, variables: Value) -> reqwest::Result<Answer> {
        let body = json!({ "query": query, "variables": variables });
        let response = self
            .request(reqwest::Method::POST, "/graphql")
            .json(&body)
            .send()
            .await?;
        let statements = response
            .headers()
            .get("sluice-statements")
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .unwrap_or_default();
        let status = response.status();
        Ok(Answer {
            status,
            statements,
            body: response.json().await?,
        })
    }

    /// Sends an operation; panics when the server cannot be reached.
    pub async fn send(&self, query: &str, variables: Value) -> Answer {
        self.try_send(query, variables)
            .await
            .expect("the server answers")
    }

    /// Sends an operation; the data, or a panic with the errors.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        self.send(query, variables).await.data().clone()
    }
}

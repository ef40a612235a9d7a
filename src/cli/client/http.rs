//! Sends documents and reads answers.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use reqwest::{RequestBuilder, StatusCode, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{ApiError, ClientError, Connection, Patience, Waiting, error::GraphQlError};

const ACCEPT: &str = "application/graphql-response+json, application/json;q=0.9";
const MAX_ANSWER: usize = 64 * 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);

/// A client of one server; cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    connection: Connection,
    max_answer: usize,
}

#[derive(Serialize)]
struct Request<'a, V> {
    query: &'a str,
    variables: V,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: Option<T>,
    #[serde(default)]
    errors: Vec<GraphQlError>,
}

impl Client {
    /// A client that follows no redirect, so that the token goes nowhere else.
    ///
    /// # Errors
    /// `Setup` when TLS cannot be set up.
    pub fn new(connection: Connection) -> Result<Self, ClientError> {
        // An error says only that the process has one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("sluice/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none());
        if connection.is_loopback() {
            builder = builder.no_proxy();
        }
        let http = builder
            .build()
            .map_err(|e| ClientError::Setup(innermost(&e)))?;
        let max_answer = MAX_ANSWER;
        Ok(Self {
            http,
            connection,
            max_answer,
        })
    }

    /// The server's base URL.
    pub fn base(&self) -> &str {
        self.connection.base()
    }

    /// Sends one document with its variables and reads the answer's data.
    ///
    /// # Errors
    /// [`ClientError`]; an answer with any error has no data.
    pub async fn execute<T: DeserializeOwned>(
        &self,
        document: &str,
        variables: impl Serialize,
    ) -> Result<T, ClientError> {
        let body = self.body(document, variables)?;
        self.send(body).await
    }

    /// As [`execute`](Self::execute), repeated while the server is away.
    ///
    /// # Errors
    /// [`ClientError`], `GaveUp` when the patience is at its end.
    pub async fn persist<T: DeserializeOwned>(
        &self,
        document: &str,
        variables: impl Serialize,
        patience: &mut Patience,
        on_wait: &mut (dyn FnMut(Waiting<'_>) + Send),
    ) -> Result<T, ClientError> {
        let body = self.body(document, variables)?;
        loop {
            match self.send(body.clone()).await {
                Ok(data) => {
                    if patience.answered() {
                        on_wait(Waiting::Back);
                    }
                    return Ok(data);
                }
                Err(error) => {
                    let (pause, error) = patience.after(error)?;
                    on_wait(Waiting::Again {
                        error: &error,
                        pause,
                    });
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    pub(super) fn body(
        &self,
        document: &str,
        variables: impl Serialize,
    ) -> Result<Bytes, ClientError> {
        let request = Request {
            query: document,
            variables,
        };
        let body = serde_json::to_vec(&request).map_err(|e| self.malformed(&e))?;
        Ok(body.into())
    }

    pub(super) fn post(&self, body: Bytes) -> RequestBuilder {
        self.http
            .post(self.connection.graphql())
            .bearer_auth(self.connection.token())
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
    }

    async fn send<T: DeserializeOwned>(&self, body: Bytes) -> Result<T, ClientError> {
        let bytes = body.len() as u64;
        let answer = self
            .post(body)
            .header(header::ACCEPT, ACCEPT)
            .send()
            .await
            .map_err(|e| self.broken(&e))?;
        let status = answer.status();
        let content = self.read(answer).await?;
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            return Err(ClientError::RequestTooLarge { bytes, limit: None });
        }
        self.understand(status, &content)
    }

    pub(super) async fn read(&self, answer: reqwest::Response) -> Result<Vec<u8>, ClientError> {
        let mut content = Vec::new();
        let mut chunks = answer.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|e| self.broken(&e))?;
            if content.len() + chunk.len() > self.max_answer {
                return Err(ClientError::AnswerTooLarge(self.max_answer));
            }
            content.extend_from_slice(&chunk);
        }
        Ok(content)
    }

    pub(super) fn understand<T: DeserializeOwned>(
        &self,
        status: StatusCode,
        content: &[u8],
    ) -> Result<T, ClientError> {
        // Errors first: data beside them need not have the shape that was asked for.
        let answer: Answer<serde_json::Value> = match serde_json::from_slice(content) {
            Ok(answer) => answer,
            Err(_) if !status.is_success() => return Err(self.status(status, content)),
            Err(error) => return Err(self.malformed(&error)),
        };
        if let Some(error) = worst(answer.errors) {
            return Err(error.into());
        }
        match answer.data {
            Some(data) => serde_json::from_value(data).map_err(|e| self.malformed(&e)),
            None if !status.is_success() => Err(self.status(status, content)),
            None => Err(self.malformed(&"neither data nor errors")),
        }
    }

    fn status(&self, status: StatusCode, content: &[u8]) -> ClientError {
        let text = problem(content).unwrap_or_else(|| first_line(content));
        let url = self.connection.graphql();
        match status {
            StatusCode::UNAUTHORIZED => api("UNAUTHENTICATED", text),
            StatusCode::FORBIDDEN => api("FORBIDDEN", text),
            _ => ClientError::Status {
                url,
                status: status.as_u16(),
                text,
            },
        }
    }

    pub(super) fn broken(&self, error: &reqwest::Error) -> ClientError {
        self.lost(&innermost(error))
    }

    pub(super) fn lost(&self, reason: &str) -> ClientError {
        ClientError::Connection {
            url: self.connection.graphql(),
            reason: reason.to_owned(),
        }
    }

    pub(super) fn malformed(&self, reason: &dyn std::fmt::Display) -> ClientError {
        let reason: String = reason.to_string().chars().take(300).collect();
        ClientError::Malformed {
            url: self.connection.graphql(),
            reason,
        }
    }
}

// One that is not worth repeating decides over those that are.
pub(super) fn worst(errors: Vec<GraphQlError>) -> Option<ApiError> {
    errors
        .into_iter()
        .map(ApiError::from)
        .min_by_key(|error| error.retryable)
}

fn api(code: &str, message: String) -> ClientError {
    let message = if message.is_empty() {
        "the server refuses the token".to_owned()
    } else {
        message
    };
    ClientError::Api(ApiError {
        code: code.to_owned(),
        message,
        path: None,
        retryable: false,
        trace_id: None,
    })
}

// What problem details (RFC 9457) say.
fn problem(content: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(content).ok()?;
    let text = value.get("detail").or_else(|| value.get("title"))?;
    text.as_str().map(|text| text.chars().take(300).collect())
}

fn first_line(content: &[u8]) -> String {
    let start = content.get(..content.len().min(1_000)).unwrap_or_default();
    let text = String::from_utf8_lossy(start);
    let line = text.lines().next().unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(200).collect()
}

// reqwest's own text repeats the URL; the cause is what helps.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if error.is_timeout() {
        "timed out".to_owned()
    } else {
        cause.to_string()
    }
}

#[cfg(test)]
mod tests;

//! One kept-alive HTTP/1.1 connection.

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::BenchError;

/// Whom to ask.
#[derive(Debug, Clone)]
pub struct Target {
    authority: String,
    token: String,
}

impl Target {
    /// Reads `http://host:port`; every request carries the bearer token.
    ///
    /// # Errors
    /// [`BenchError::Url`] when it is something else.
    pub fn new(url: &str, token: &str) -> Result<Self, BenchError> {
        let authority = url
            .strip_prefix("http://")
            .map(|rest| rest.trim_end_matches('/'))
            .filter(|rest| rest.contains(':') && !rest.contains('/'))
            .ok_or_else(|| BenchError::Url(url.to_owned()))?;
        Ok(Self {
            authority: authority.to_owned(),
            token: token.to_owned(),
        })
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn connect(&self) -> Result<Connection, BenchError> {
        let stream = TcpStream::connect(&self.authority).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            // An error shows at the sender too.
            let _ = connection.await;
        });
        Ok(Connection {
            sender,
            target: self.clone(),
        })
    }
}

/// A connection.
#[derive(Debug)]
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    target: Target,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: Bytes,
    /// SQL statements that the server says it cost.
    pub statements: u64,
    /// Rows that the server says it read.
    pub rows: u64,
}

impl Answer {
    /// Whether it is data without errors. A scan, not a parse: the driver shares the machine with
    /// the server.
    pub fn is_good(&self) -> bool {
        self.status == 200 && !self.body.windows(9).any(|part| part == b"\"errors\":")
    }
}

impl Connection {
    /// Sends a GraphQL request and reads the whole answer.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn ask(&mut self, body: Bytes) -> Result<Answer, BenchError> {
        let request = Request::post("/graphql")
            .header(header::HOST, &self.target.authority)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", self.target.token),
            )
            .body(Full::new(body))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let number = |name: &str| {
            let value = response.headers().get(name)?.to_str().ok()?;
            value.parse::<u64>().ok()
        };
        let (statements, rows) = (number("sluice-statements"), number("sluice-rows"));
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        Ok(Answer {
            status,
            body,
            statements: statements.unwrap_or(0),
            rows: rows.unwrap_or(0),
        })
    }
}

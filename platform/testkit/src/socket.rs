//! A client of `graphql-transport-ws` that does as it is told, also what no good client does.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        http::{HeaderName, HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
    },
};

/// The subprotocol.
const PROTOCOL: &str = "graphql-transport-ws";
const DEADLINE: Duration = Duration::from_secs(60);

/// What the server says.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// A message of the protocol: `connection_ack`, `next`, `error`, `complete`, `ping`, `pong`.
    Message(Value),
    /// It closed the socket; 1006 when it said nothing before it went.
    Closed {
        /// The close code.
        code: u16,
        /// Its words.
        reason: String,
    },
}

/// A connection to a server's `/graphql`; dropping it cuts it without a word.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a socket to the server at `base` (`http://host:port`) that offers these subprotocols,
    /// with these headers, and says nothing yet.
    ///
    /// # Errors
    /// When the server cannot be reached or does not upgrade.
    pub async fn open(
        base: &str,
        protocols: &[&str],
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        let address = format!("{}/graphql", base.replacen("http", "ws", 1));
        let mut request = address.into_client_request()?;
        let value = |text: &str| HeaderValue::from_str(text).expect("a header");
        if !protocols.is_empty() {
            let offered = value(&protocols.join(", "));
            request
                .headers_mut()
                .insert(SEC_WEBSOCKET_PROTOCOL, offered);
        }
        for (name, text) in headers {
            let name = HeaderName::from_static(name);
            request.headers_mut().insert(name, value(text));
        }
        let (stream, _) = within(connect_async(request)).await?;
        Ok(Self(stream))
    }

    /// Opens a socket and introduces itself by `token`; it is acknowledged.
    pub async fn connect(base: &str, token: &str) -> Self {
        let connected = Self::try_connect(base, token).await;
        connected.expect("the server takes the socket")
    }

    /// The same.
    ///
    /// # Errors
    /// When the server cannot be reached or does not acknowledge, in words.
    pub async fn try_connect(base: &str, token: &str) -> Result<Self, String> {
        let opened = Self::open(base, &[PROTOCOL], &[]).await;
        let mut socket = opened.map_err(|error| error.to_string())?;
        socket.init(token).await;
        match socket.hear().await {
            Said::Message(message) if message["type"] == "connection_ack" => Ok(socket),
            other => Err(format!("{other:?}")),
        }
    }

    /// Sends `connection_init` with the token.
    pub async fn init(&mut self, token: &str) {
        let payload = json!({ "authorization": format!("Bearer {token}") });
        let init = json!({ "type": "connection_init", "payload": payload });
        self.send(&init).await;
    }

    /// Sends a message. A socket that is gone shows when the next one is awaited.
    pub async fn send(&mut self, message: &Value) {
        self.send_text(&message.to_string()).await;
    }

    /// Sends a text, whatever it is.
    pub async fn send_text(&mut self, text: &str) {
        let _ = within(self.0.send(Message::text(text))).await;
    }

    /// Sends bytes.
    pub async fn send_bytes(&mut self, bytes: Vec<u8>) {
        let _ = within(self.0.send(Message::binary(bytes))).await;
    }

    /// Begins an operation.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        let message = json!({ "type": "subscribe", "id": id, "payload": payload });
        self.send(&message).await;
    }

    /// Ends an operation.
    pub async fn complete(&mut self, id: &str) {
        self.send(&json!({ "type": "complete", "id": id })).await;
    }

    /// The next thing that the server says within a minute; pings are answered and left out.
    pub async fn next(&mut self) -> Said {
        loop {
            let said = self.hear().await;
            match &said {
                Said::Message(message) if message["type"] == "ping" => {
                    self.send(&json!({ "type": "pong" })).await;
                }
                _ => return said,
            }
        }
    }

    /// The payload of the next `next` message; anything else is a panic.
    pub async fn payload(&mut self) -> Value {
        match self.next().await {
            Said::Message(mut message) if message["type"] == "next" => message["payload"].take(),
            other => panic!("not a next: {other:?}"),
        }
    }

    /// The same with pings of the protocol.
    pub async fn hear(&mut self) -> Said {
        loop {
            let heard = match within(self.0.next()).await {
                Some(Ok(message)) => message,
                Some(Err(_)) | None => return gone(1006, ""),
            };
            match heard {
                Message::Text(text) => {
                    let message = serde_json::from_str(text.as_str());
                    return Said::Message(message.expect("JSON"));
                }
                Message::Close(Some(frame)) => {
                    return gone(frame.code.into(), frame.reason.as_str());
                }
                Message::Close(None) => return gone(1005, ""),
                Message::Binary(bytes) => panic!("the server sent bytes: {bytes:?}"),
                // The library answers.
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }
}

fn gone(code: u16, reason: &str) -> Said {
    let reason = reason.to_owned();
    Said::Closed { code, reason }
}

async fn within<F: Future>(what: F) -> F::Output {
    let done = tokio::time::timeout(DEADLINE, what).await;
    done.expect("the socket moves within a minute")
}

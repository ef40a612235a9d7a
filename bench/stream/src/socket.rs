//! Client sockets, as lean as they can be: the driver shares the machine with the server.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicUsize, Ordering},
};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Message, Utf8Bytes,
        client::IntoClientRequest,
        http::HeaderValue,
        protocol::{CloseFrame, WebSocketConfig},
    },
};

use crate::error::StreamError;

/// A client's WebSocket.
pub(crate) type Socket = WebSocketStream<TcpStream>;

/// Sockets that share a source address: an address has 28,000 ports, and closed ones rest a minute.
const PER_ADDRESS: usize = 10_000;

/// Sockets that this driver has opened so far, to whatever server.
static OPENED: AtomicUsize = AtomicUsize::new(0);

/// Where sockets are opened, and what is said there.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    address: SocketAddr,
    path: String,
    /// What to subscribe to; a bare broadcast wants nothing said.
    pub(crate) greeting: Option<Greeting>,
}

/// What a subscriber says first.
#[derive(Debug, Clone)]
pub(crate) struct Greeting {
    /// A bearer token.
    pub(crate) token: String,
    /// The subscription's document.
    pub(crate) document: String,
}

impl Door {
    /// Reads `http://127.0.0.1:8080`.
    pub(crate) fn new(url: &str, path: &str) -> Result<Self, StreamError> {
        let address = url
            .strip_prefix("http://")
            .and_then(|rest| rest.trim_end_matches('/').parse().ok())
            .ok_or_else(|| StreamError::Address(url.to_owned()))?;
        Ok(Self {
            address,
            path: path.to_owned(),
            greeting: None,
        })
    }

    /// The same place, with something to subscribe to.
    pub(crate) fn greet(&self, token: &str, document: &str) -> Self {
        Self {
            greeting: Some(Greeting {
                token: token.to_owned(),
                document: document.to_owned(),
            }),
            ..self.clone()
        }
    }

    /// The same place and token, another subscription.
    pub(crate) fn say(&self, document: &str) -> Self {
        let mut door = self.clone();
        if let Some(greeting) = &mut door.greeting {
            document.clone_into(&mut greeting.document);
        }
        door
    }

    /// Opens a socket and subscribes. `receive` is the size of the kernel's receive buffer, when it
    /// shall not be the usual one.
    pub(crate) async fn open(&self, receive: Option<u32>) -> Result<Socket, StreamError> {
        let stream = self.connect(receive).await?;
        let mut request = format!("ws://{}{}", self.address, self.path).into_client_request()?;
        if self.greeting.is_some() {
            let protocol = HeaderValue::from_static("graphql-transport-ws");
            request
                .headers_mut()
                .insert("sec-websocket-protocol", protocol);
        }
        let config = WebSocketConfig::default()
            .read_buffer_size(4_096)
            .write_buffer_size(0);
        let (mut socket, _) = client_async_with_config(request, stream, Some(config)).await?;
        if let Some(greeting) = &self.greeting {
            greeting.say(&mut socket).await?;
        }
        Ok(socket)
    }

    async fn connect(&self, receive: Option<u32>) -> Result<TcpStream, StreamError> {
        let io = StreamError::io("a socket could not be opened");
        let number = OPENED.fetch_add(1, Ordering::Relaxed);
        let opened = async {
            let socket = TcpSocket::new_v4()?;
            if let Some(bytes) = receive {
                socket.set_recv_buffer_size(bytes)?;
            }
            if self.address.ip().is_loopback() {
                socket.bind(SocketAddr::new(source(number), 0))?;
            }
            let stream = socket.connect(self.address).await?;
            stream.set_nodelay(true)?;
            Ok(stream)
        };
        opened.await.map_err(io)
    }
}

/// The loopback address that the `number`th socket comes from.
fn source(number: usize) -> IpAddr {
    let [.., high, low] = (number / PER_ADDRESS + 1).to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(127, 0, high, low))
}

impl Greeting {
    async fn say(&self, socket: &mut Socket) -> Result<(), StreamError> {
        let token = format!("Bearer {}", self.token);
        let init = json!({ "type": "connection_init", "payload": { "authorization": token } });
        send(socket, &init).await?;
        loop {
            let message = next(socket).await?;
            let value: Value = serde_json::from_str(&message)
                .map_err(|error| StreamError::Unexpected(error.to_string()))?;
            match value["type"].as_str() {
                Some("connection_ack") => break,
                Some("ping") => send(socket, &json!({ "type": "pong" })).await?,
                _ => return Err(StreamError::Unexpected(message.to_string())),
            }
        }
        let subscribe = json!({
            "type": "subscribe", "id": "1", "payload": { "query": self.document },
        });
        send(socket, &subscribe).await
    }
}

/// Sends a message.
pub(crate) async fn send(socket: &mut Socket, message: &Value) -> Result<(), StreamError> {
    let message = Message::text(message.to_string());
    Ok(socket.send(message).await?)
}

/// The next text; pings of the WebSocket are answered by the library.
pub(crate) async fn next(socket: &mut Socket) -> Result<Utf8Bytes, StreamError> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(text),
            Some(Ok(Message::Close(frame))) => {
                return Err(StreamError::Refused(closed(frame.as_ref())));
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error.into()),
            None => return Err(StreamError::Refused(closed(None))),
        }
    }
}

fn closed(frame: Option<&CloseFrame>) -> String {
    frame.map_or_else(
        || "closed without a code".to_owned(),
        |frame| format!("closed with {} {}", u16::from(frame.code), frame.reason),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_sockets_than_an_address_has_ports_come_from_several_addresses() {
        assert_eq!(source(0), IpAddr::from([127, 0, 0, 1]));
        assert_eq!(source(PER_ADDRESS), IpAddr::from([127, 0, 0, 2]));
        assert_eq!(source(256 * PER_ADDRESS), IpAddr::from([127, 0, 1, 1]));
    }

    #[test]
    fn a_name_is_no_address() {
        assert!(Door::new("http://127.0.0.1:8080/", "/graphql").is_ok());
        assert!(Door::new("http://localhost:8080", "/graphql").is_err());
        assert!(Door::new("127.0.0.1:8080", "/graphql").is_err());
    }
}

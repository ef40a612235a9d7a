//! `graphql-transport-ws`.

mod clock;
mod close;
mod connection;
mod message;
mod operations;
mod session;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header},
    response::Response,
};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use sluice_schema::ErrorCode;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};

use super::{Streams, places::Place};
use crate::http::{Trace, refusal};
use close::Close;
use connection::Connection;

const PROTOCOL: &str = "graphql-transport-ws";
/// What a socket reads at once; it is held as long as the socket is there.
const READ_BUFFER: usize = 4096;
/// What is gathered before it is written.
const WRITE_BUFFER: usize = 16 * 1024;
/// Messages that are longer than allowed are still read up to here, to close in order.
const TOO_BIG_FACTOR: usize = 4;

/// Whether the request wants to become a socket.
pub(super) fn is_asked_for(headers: &HeaderMap) -> bool {
    has(headers, &header::UPGRADE, "websocket")
}

// Whether a list header holds the word.
fn has(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).into_iter();
    let mut words = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    words.any(|one| one.trim().eq_ignore_ascii_case(word))
}

/// What the two sides agree on.
struct Handshake {
    accept: String,
    protocol: Option<HeaderValue>,
    is_ours: bool,
    upgrade: OnUpgrade,
}

struct Refusal {
    status: u16,
    code: ErrorCode,
    message: String,
}

fn refuse(status: u16, code: ErrorCode, message: impl Into<String>) -> Refusal {
    let message = message.into();
    Refusal {
        status,
        code,
        message,
    }
}

/// Turns the connection of the request into a socket. Tokens are judged when the client begins:
/// what is wrong with them is told by close codes.
pub(super) fn upgrade(streams: Streams, mut request: Request) -> Response {
    let trace = match request.extensions().get::<Trace>() {
        Some(trace) => trace.clone(),
        None => Trace::of(request.headers()),
    };
    let accepted = Handshake::read(&mut request).and_then(|shake| {
        let place = enter(&streams)?;
        Ok((shake, place))
    });
    match accepted {
        Ok((shake, place)) => begin(streams, &request, shake, place, trace),
        Err(refusal) => {
            let Refusal {
                status,
                code,
                message,
            } = refusal;
            let mut response = refusal::graphql_error(code, status, &message, &trace);
            let headers = response.headers_mut();
            if status == 426 {
                let version = HeaderValue::from_static("13");
                headers.insert(header::SEC_WEBSOCKET_VERSION, version);
            }
            if status == 503 {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            response
        }
    }
}

fn enter(streams: &Streams) -> Result<Place, Refusal> {
    if streams.0.stopping.is_cancelled() {
        return Err(refuse(503, ErrorCode::Unavailable, "the server ends"));
    }
    let entered = streams.0.places.enter("websocket");
    entered.map_err(|full| refuse(503, ErrorCode::Unavailable, full.to_string()))
}

impl Handshake {
    fn read(request: &mut Request) -> Result<Self, Refusal> {
        let bad = |message| refuse(400, ErrorCode::BadRequest, message);
        let headers = request.headers();
        if request.method() != Method::GET || request.version() != Version::HTTP_11 {
            return Err(bad("a WebSocket begins with GET over HTTP/1.1"));
        }
        if !has(headers, &header::CONNECTION, "upgrade") {
            return Err(bad("Connection must be Upgrade"));
        }
        if headers
            .get(header::SEC_WEBSOCKET_VERSION)
            .map(HeaderValue::as_bytes)
            != Some(b"13")
        {
            let rule = "Sec-WebSocket-Version must be 13";
            return Err(refuse(426, ErrorCode::BadRequest, rule));
        }
        let key = headers.get(header::SEC_WEBSOCKET_KEY);
        let key = key.filter(|key| key.len() == 24);
        let key = key.ok_or_else(|| bad("Sec-WebSocket-Key must be 16 bytes in Base64"))?;
        let accept = derive_accept_key(key.as_bytes());
        let is_ours = has(headers, &header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL);
        let protocol = match is_ours {
            true => Some(HeaderValue::from_static(PROTOCOL)),
            // Without it clients would not see the close code that says what is wrong.
            false => first_offered(headers),
        };
        let upgrade = request.extensions_mut().remove::<OnUpgrade>();
        let upgrade = upgrade.ok_or_else(|| bad("this connection cannot become a WebSocket"))?;
        Ok(Self {
            accept,
            protocol,
            is_ours,
            upgrade,
        })
    }

    fn answer(&self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        if let Ok(accept) = HeaderValue::from_str(&self.accept) {
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        }
        if let Some(protocol) = &self.protocol {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol.clone());
        }
        response
    }
}

fn first_offered(headers: &HeaderMap) -> Option<HeaderValue> {
    let offered = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?;
    let first = offered.to_str().ok()?.split(',').next()?.trim();
    HeaderValue::from_str(first)
        .ok()
        .filter(|first| !first.is_empty())
}

fn begin(
    streams: Streams,
    request: &Request,
    shake: Handshake,
    place: Place,
    trace: Trace,
) -> Response {
    let response = shake.answer();
    let bearer = request.headers().get(header::AUTHORIZATION);
    let bearer = bearer.map(|header| bearer_of(header.to_str().unwrap_or_default()));
    let limit = streams.0.settings.max_message;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(limit * TOO_BIG_FACTOR))
        .max_frame_size(Some(limit * TOO_BIG_FACTOR));
    let sockets = streams.0.sockets.clone();
    sockets.spawn(async move {
        let Ok(upgraded) = shake.upgrade.await else {
            return;
        };
        let io = TokioIo::new(upgraded);
        let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
        if !shake.is_ours {
            return connection::turn_away(socket, &Close::subprotocol()).await;
        }
        Connection::new(socket, streams, place, bearer, trace.trace_id)
            .run()
            .await;
    });
    response
}

// Empty where it is no bearer token: it is judged all the same, and refused.
fn bearer_of(header: &str) -> String {
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim().to_owned(),
        _ => String::new(),
    }
}

//! One socket, on one task: it reads, takes from its operations in turn, and writes.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use futures::{FutureExt, SinkExt, StreamExt, future::BoxFuture};
use serde_json::Value;
use sluice_kernel::{Ctx, Principal};
use sluice_schema::{ErrorCode, public_message};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Bytes, Error as SocketError, Message},
};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::{
    super::{Streams, ending::deadline, operation::Operation, places::Place},
    clock::{Clock, Due},
    close::Close,
    message,
    operations::Operations,
    session::{Action, Session, token},
};
use crate::{
    auth::{Admitted, AuthError},
    http::graphql::{Parameters, Refused},
};

/// A connection that was upgraded.
pub(super) struct Connection<S> {
    socket: WebSocketStream<S>,
    streams: Streams,
    place: Place,
    /// The token of the upgrade's own header.
    bearer: Option<String>,
    trace_id: String,
    session: Session,
    principal: Option<Principal>,
    admitting: Option<BoxFuture<'static, Result<Admitted, AuthError>>>,
    operations: Operations,
    clock: Clock,
    stopping: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    /// To be written at the end of the turn.
    out: Vec<Message>,
}

enum Event {
    Read(Option<Result<Message, SocketError>>),
    Admitted(Result<Admitted, AuthError>),
    /// There is something to write.
    Turned,
    Due,
    Stopping,
}

/// How a connection comes to its end.
enum End {
    /// There is nobody to tell.
    Gone,
    Close(Close),
    /// What comes in cannot be read any more.
    Broken(Close),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(super) fn new(
        socket: WebSocketStream<S>,
        streams: Streams,
        place: Place,
        bearer: Option<String>,
        trace_id: String,
    ) -> Self {
        let settings = &streams.0.settings;
        let clock = Clock::new(
            settings.init_timeout,
            settings.ping_interval,
            settings.write_timeout,
        );
        let stopping = streams.0.stopping.clone().cancelled_owned();
        Self {
            socket,
            operations: Operations::new(settings.max_operations),
            streams,
            place,
            bearer,
            trace_id,
            session: Session::default(),
            principal: None,
            admitting: None,
            clock,
            stopping: Some(Box::pin(stopping)),
            out: Vec::new(),
        }
    }

    /// Serves it to its end.
    pub(super) async fn run(mut self) {
        let end = self.serve().await;
        self.finish(end).await;
    }

    async fn serve(&mut self) -> End {
        loop {
            let event = poll_fn(|cx| self.poll(cx)).await;
            if let Err(end) = self.handle(event) {
                return end;
            }
            if let Err(end) = self.write().await {
                return end;
            }
        }
    }

    // Both directions get their turn each time, so that neither holds up the other.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        let answers = self.operations.turn(cx, &mut self.out);
        if answers > 0 {
            self.streams.0.delivered.increment(answers);
        }
        if let Poll::Ready(read) = self.socket.poll_next_unpin(cx) {
            return Poll::Ready(Event::Read(read));
        }
        if !self.out.is_empty() {
            return Poll::Ready(Event::Turned);
        }
        if let Some(admitting) = &mut self.admitting
            && let Poll::Ready(admitted) = admitting.poll_unpin(cx)
        {
            self.admitting = None;
            return Poll::Ready(Event::Admitted(admitted));
        }
        if self.clock.poll(cx).is_ready() {
            return Poll::Ready(Event::Due);
        }
        if let Some(stopping) = &mut self.stopping
            && stopping.as_mut().poll(cx).is_ready()
        {
            self.stopping = None;
            return Poll::Ready(Event::Stopping);
        }
        Poll::Pending
    }

    fn handle(&mut self, event: Event) -> Result<(), End> {
        match event {
            Event::Turned => {}
            Event::Read(None) => return Err(End::Gone),
            Event::Read(Some(Err(error))) => return Err(self.broken(&error)),
            Event::Read(Some(Ok(message))) => self.receive(message)?,
            Event::Admitted(admitted) => self.admitted(admitted)?,
            Event::Stopping => self.clock.drain(self.streams.0.drain()),
            Event::Due => match self.clock.due() {
                Due::Nothing => {}
                Due::Close(close) => return Err(End::Close(close)),
                Due::Ping => {
                    // Every WebSocket answers the one, every client of the protocol the other.
                    self.out.push(Message::Ping(Bytes::new()));
                    self.out.push(Message::text(message::PING));
                }
            },
        }
        Ok(())
    }

    fn broken(&self, error: &SocketError) -> End {
        match error {
            SocketError::Capacity(_) => {
                End::Broken(Close::too_big(self.streams.0.settings.max_message))
            }
            SocketError::Utf8(_) => End::Broken(Close::not_text()),
            SocketError::Protocol(_) => End::Broken(Close::protocol()),
            _ => End::Gone,
        }
    }

    fn receive(&mut self, message: Message) -> Result<(), End> {
        self.clock.heard();
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => {
                let close = Close::invalid("Invalid message: it must be text");
                return Err(End::Close(close));
            }
            Message::Close(_) => return Err(End::Gone),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => return Ok(()),
        };
        let limit = self.streams.0.settings.max_message;
        if text.len() > limit {
            return Err(End::Close(Close::too_big(limit)));
        }
        let message = message::read(&text).map_err(End::Close)?;
        match self.session.receive(message, &self.operations) {
            Action::Nothing => {}
            Action::Close(close) => return Err(End::Close(close)),
            Action::Pong(payload) => self.out.push(Message::text(message::pong(payload))),
            Action::Stop { id } => self.operations.stop(&id),
            Action::Begin { id, operation } => self.begin(&id, operation),
            Action::TooMany { id } => {
                let most = self.streams.0.settings.max_operations;
                let rule = format!("a socket has at most {most} operations under way");
                self.refuse(&id, &Refused::new(429, ErrorCode::LimitExceeded, rule));
            }
            Action::Authenticate(payload) => {
                let of_upgrade = self.bearer.take();
                let given = token(payload.as_ref()).map(str::to_owned);
                self.authenticate(given.or(of_upgrade));
            }
        }
        Ok(())
    }

    fn authenticate(&mut self, token: Option<String>) {
        let authenticator = self.streams.0.authenticator.clone();
        let admitting = async move {
            match token {
                None => Err(AuthError::Missing),
                Some(token) if token.is_empty() => Err(AuthError::Scheme),
                Some(token) => authenticator.admit(&token).await,
            }
        };
        self.admitting = Some(admitting.boxed());
    }

    fn admitted(&mut self, admitted: Result<Admitted, AuthError>) -> Result<(), End> {
        let admitted = admitted.map_err(|error| {
            tracing::info!(refused = %error, "no entry");
            End::Close(match error {
                AuthError::KeysUnavailable => Close::try_again_later(public_message(&error)),
                _ => Close::forbidden(format!("Forbidden: {error}")),
            })
        })?;
        let claimed = self.place.claim(&admitted.principal);
        claimed.map_err(|full| End::Close(Close::try_again_later(full.to_string())))?;
        self.principal = Some(admitted.principal);
        self.session.acknowledge();
        self.clock.begun(deadline(admitted.expires));
        self.out.push(Message::text(message::ACK));
        Ok(())
    }

    fn begin(&mut self, id: &str, operation: Value) {
        let Some(principal) = self.principal.clone() else {
            return;
        };
        let ctx = Ctx::for_request(principal, None);
        let prepared = Parameters::from_json(operation)
            .and_then(|parameters| self.streams.0.engine.prepare(&ctx, parameters));
        let operation = Operation::begin(&self.streams, ctx, prepared, None);
        self.operations.begin(id, operation);
    }

    fn refuse(&mut self, id: &str, refused: &Refused) {
        let errors = refused.errors(&self.trace_id);
        self.out.push(Message::text(message::error(id, &errors)));
    }

    async fn write(&mut self) -> Result<(), End> {
        if self.out.is_empty() {
            return Ok(());
        }
        let (socket, out) = (&mut self.socket, &mut self.out);
        let writing = async {
            for message in out.drain(..) {
                socket.feed(message).await?;
            }
            socket.flush().await
        };
        match timeout(self.streams.0.settings.write_timeout, writing).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => {
                let why = "The client does not take what it is sent";
                Err(End::Close(Close::try_again_later(why)))
            }
        }
    }

    async fn finish(mut self, end: End) {
        self.operations = Operations::new(0);
        let code = match &end {
            End::Gone => "gone".to_owned(),
            End::Close(close) | End::Broken(close) => close.label(),
        };
        metrics::counter!("sluice_stream_closed_total", "code" => code).increment(1);
        let patience = self.streams.0.settings.write_timeout.min(LAST_WORDS);
        // Whoever does not listen any more is not waited for.
        let _ = timeout(patience, self.say_goodbye(end)).await;
    }

    async fn say_goodbye(&mut self, end: End) {
        let (close, broken) = match end {
            End::Gone => (None, false),
            End::Close(close) => (Some(close), false),
            End::Broken(close) => (Some(close), true),
        };
        if let Some(close) = close {
            let frame = Message::Close(Some(close.frame()));
            if self.socket.send(frame).await.is_err() {
                return;
            }
        }
        if !broken {
            // The client's own close frame, or what it sent before it saw ours.
            while let Some(Ok(_)) = self.socket.next().await {}
            return;
        }
        // With bytes unread the system would reset the connection, and the close frame be lost.
        let stream = self.socket.get_mut();
        let mut rest = [0; 4096];
        if stream.shutdown().await.is_ok() {
            while let Ok(1..) = stream.read(&mut rest).await {}
        }
    }
}

/// Closes a connection that is not served.
pub(super) async fn turn_away<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: WebSocketStream<S>,
    close: &Close,
) {
    metrics::counter!("sluice_stream_closed_total", "code" => close.label()).increment(1);
    let goodbye = async {
        let sent = socket.send(Message::Close(Some(close.frame()))).await;
        while sent.is_ok() && matches!(socket.next().await, Some(Ok(_))) {}
    };
    let _ = timeout(LAST_WORDS, goodbye).await;
}

/// How long a closed connection may take to take note.
const LAST_WORDS: std::time::Duration = std::time::Duration::from_secs(2);

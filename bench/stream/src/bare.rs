//! The limit: a WebSocket broadcast that does nothing else, as a process of its own.
//!
//! The child serves sockets and sends every line of its standard input to all of them.

use std::{
    io::{BufRead, Write},
    process::Stdio,
    time::Duration,
};

use futures::SinkExt;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdin, Command},
    sync::broadcast,
    time::{Instant, sleep_until},
};
use tokio_tungstenite::{
    WebSocketStream, accept_async_with_config,
    tungstenite::{Message, Utf8Bytes, protocol::WebSocketConfig},
};

use crate::{error::StreamError, produce::Pace, socket::Door, subscriber::now};

/// Messages that a socket may be behind: more than any measurement sends.
const BEHIND: usize = 16_384;

/// The child's life: ends with its standard input.
pub(crate) async fn serve() -> Result<(), StreamError> {
    let (sender, _) = broadcast::channel::<Utf8Bytes>(BEHIND);
    let io = StreamError::io("the broadcast could not begin");
    let opened = async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
        Ok(listener)
    };
    let listener = opened.await.map_err(io)?;
    let door = sender.clone();
    let lines = tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            // Refused when nobody listens.
            let _ = sender.send(line.into());
        }
    });
    tokio::select! {
        () = accept(listener, door) => Ok(()),
        ended = lines => ended.map_err(|_| StreamError::Task),
    }
}

async fn accept(listener: TcpListener, sender: broadcast::Sender<Utf8Bytes>) {
    let config = WebSocketConfig::default()
        .read_buffer_size(4_096)
        .write_buffer_size(0);
    // A listener of loopback that fails once fails for good.
    while let Ok((stream, _)) = listener.accept().await {
        // Slower without, not wrong.
        let _ = stream.set_nodelay(true);
        let messages = sender.subscribe();
        tokio::spawn(async move {
            if let Ok(socket) = accept_async_with_config(stream, Some(config)).await {
                feed(socket, messages).await;
            }
        });
    }
}

async fn feed(
    mut socket: WebSocketStream<TcpStream>,
    mut messages: broadcast::Receiver<Utf8Bytes>,
) {
    while let Ok(text) = messages.recv().await {
        if socket.send(Message::Text(text)).await.is_err() {
            return;
        }
    }
}

/// The child, seen from the driver.
#[derive(Debug)]
pub(crate) struct Bare {
    child: Child,
    input: ChildStdin,
    /// Where its sockets are.
    pub(crate) door: Door,
}

impl Bare {
    /// Starts this program again, as the broadcast.
    pub(crate) async fn start() -> Result<Self, StreamError> {
        let io = StreamError::io("the broadcast could not be started");
        let started = async {
            let mut child = Command::new(std::env::current_exe()?)
                .arg("bare")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .kill_on_drop(true)
                .spawn()?;
            let (input, output) = (child.stdin.take(), child.stdout.take());
            let (Some(input), Some(output)) = (input, output) else {
                return Err(std::io::Error::other("it has no pipes"));
            };
            let mut address = String::new();
            BufReader::new(output).read_line(&mut address).await?;
            Ok((child, input, address))
        };
        let (child, input, address) = started.await.map_err(io)?;
        let door = Door::new(&format!("http://{}", address.trim()), "/")?;
        Ok(Self { child, input, door })
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Has every text broadcast, and gives the times at which it was asked to.
    pub(crate) async fn produce<'a>(
        &mut self,
        texts: impl Iterator<Item = &'a str>,
        pace: Pace,
    ) -> Result<Vec<u64>, StreamError> {
        let mut due = Instant::now();
        let mut times = Vec::new();
        for text in texts {
            if pace.gap() > Duration::ZERO {
                sleep_until(due).await;
                due += pace.gap();
            }
            let line = format!("{text}\n");
            times.push(now());
            let io = StreamError::io("the broadcast has ended");
            self.input.write_all(line.as_bytes()).await.map_err(io)?;
        }
        Ok(times)
    }

    /// Ends the process.
    pub(crate) async fn end(mut self) {
        // Already ended is as good.
        let _ = self.child.kill().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fleet::Fleet, tally::Tally};

    #[tokio::test]
    async fn every_subscriber_receives_every_message_once_in_order() {
        let (sender, _) = broadcast::channel(BEHIND);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(accept(listener, sender.clone()));
        let fleet = Fleet::open(&Door::new(&url, "/").unwrap(), 50)
            .await
            .unwrap();
        assert_eq!((fleet.size(), fleet.refused.as_deref()), (50, None));
        for sequence in 1..=10 {
            let text = format!(r#"{{"sequence":{sequence},"type":"next"}}"#);
            sender.send(text.into()).unwrap();
        }
        fleet.receive(500).await;
        let mut tally = Tally::default();
        for notes in fleet.notes() {
            tally.add(&notes.lock(), 0, 10, &std::collections::HashMap::new());
        }
        assert_eq!((tally.delivered, tally.lost), (500, 0));
        assert_eq!((tally.repeated, tally.disordered, tally.others), (0, 0, 0));
        assert_eq!(
            (fleet.awake(), fleet.newest(), fleet.ended()),
            (50, 10, None)
        );
        fleet.close().await;
        server.abort();
    }
}

//! Accepting connections, within bounds.

use std::{sync::Arc, time::Duration};

use axum::{Router, serve::Listener};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::config::HttpConfig;

/// How often a peer without a request under way is asked whether it is there (HTTP/2).
const ALIVE: Duration = Duration::from_secs(30);

/// Streams of one connection (HTTP/2).
const MAX_STREAMS: u32 = 128;

/// Serves connections until `accepting` is cancelled, then those under way to their end.
pub(super) fn serve(
    mut listener: TcpListener,
    router: Router,
    settings: &HttpConfig,
    accepting: CancellationToken,
) -> JoinHandle<()> {
    let connections = Connections {
        builder: builder(settings.header_timeout),
        service: TowerToHyperService::new(router),
        graceful: GracefulShutdown::new(),
    };
    let most = usize::try_from(settings.max_connections).unwrap_or(usize::MAX);
    let slots = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
    tokio::spawn(async move {
        loop {
            // Who finds no slot waits in the listener's queue.
            let next = async {
                let slot = slots.clone().acquire_owned().await;
                (slot, Listener::accept(&mut listener).await)
            };
            tokio::select! {
                biased;
                () = accepting.cancelled() => break,
                (slot, (stream, _)) = next => connections.spawn(stream, slot.ok()),
            }
        }
        drop(listener);
        connections.graceful.shutdown().await;
    })
}

fn builder(header_timeout: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .keep_alive_interval(ALIVE)
        .keep_alive_timeout(ALIVE);
    builder
}

struct Connections {
    builder: Builder<TokioExecutor>,
    service: TowerToHyperService<Router>,
    graceful: GracefulShutdown,
}

impl Connections {
    fn spawn(&self, stream: TcpStream, slot: Option<OwnedSemaphorePermit>) {
        // Answers are small and whole: waiting to fill a packet only delays them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(error = %error, "a connection without TCP_NODELAY");
        }
        let stream = TokioIo::new(stream);
        let connection = self
            .builder
            .serve_connection_with_upgrades(stream, self.service.clone())
            .into_owned();
        let connection = self.graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error, "a connection broke");
            }
            drop(slot);
        });
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::config::{Config, Sources};

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    const DEADLINE: Duration = Duration::from_secs(20);

    struct Server {
        address: SocketAddr,
        accepting: CancellationToken,
        serving: JoinHandle<()>,
    }

    async fn server(header_timeout: Duration, max_connections: u32) -> Server {
        let settings = Config::load(&Sources::default()).unwrap().http;
        let settings = HttpConfig {
            header_timeout,
            max_connections,
            ..settings
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(|| async { "answered" }));
        let accepting = CancellationToken::new();
        let serving = serve(listener, router, &settings, accepting.clone());
        Server {
            address,
            accepting,
            serving,
        }
    }

    async fn answer(stream: &mut TcpStream) -> String {
        let mut text = String::new();
        while !text.ends_with("answered") {
            let mut bytes = [0; 1_024];
            let read = tokio::time::timeout(DEADLINE, stream.read(&mut bytes)).await;
            let read = read.unwrap().unwrap();
            assert!(read > 0, "closed after {text:?}");
            text += std::str::from_utf8(&bytes[..read]).unwrap();
        }
        text
    }

    #[tokio::test]
    async fn a_head_that_never_ends_is_not_waited_for() {
        let server = server(Duration::from_millis(50), 10).await;
        let mut slow = TcpStream::connect(server.address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nhost:").await.unwrap();
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(DEADLINE, slow.read_to_end(&mut rest)).await;
        assert!(ended.is_ok());
        assert!(!String::from_utf8_lossy(&rest).contains("answered"));
    }

    #[tokio::test]
    async fn connections_above_the_limit_wait_until_another_ends() {
        let server = server(DEADLINE, 1).await;
        let mut first = TcpStream::connect(server.address).await.unwrap();
        first.write_all(REQUEST).await.unwrap();
        assert!(answer(&mut first).await.starts_with("HTTP/1.1 200"));
        let mut second = TcpStream::connect(server.address).await.unwrap();
        second.write_all(REQUEST).await.unwrap();
        // The first is answered again and again while the second is not even accepted.
        first.write_all(REQUEST).await.unwrap();
        answer(&mut first).await;
        let mut nothing = [0];
        let waits = second.try_read(&mut nothing).unwrap_err();
        assert_eq!(waits.kind(), std::io::ErrorKind::WouldBlock);
        drop(first);
        assert!(answer(&mut second).await.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn told_to_stop_it_ends_when_idle_connections_are_closed() {
        let server = server(DEADLINE, 10).await;
        let mut idle = TcpStream::connect(server.address).await.unwrap();
        idle.write_all(REQUEST).await.unwrap();
        answer(&mut idle).await;
        server.accepting.cancel();
        let ended = tokio::time::timeout(DEADLINE, server.serving).await;
        assert!(ended.unwrap().is_ok());
        assert!(TcpStream::connect(server.address).await.is_err());
    }
}

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

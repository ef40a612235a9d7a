//! Connections that last: WebSockets (`graphql-transport-ws`) and event streams (`graphql-sse`,
//! distinct connections), on one code path.

mod ending;
mod operation;
mod places;
mod shared;
mod socket;
mod sse;

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::graphql::Engine;
use crate::{
    auth::Authenticator,
    config::{HttpConfig, StreamConfig},
};
use places::{Most, Places};
use shared::{Bounds, SharedRuns};

pub use shared::Heads;

/// What streams stand on.
pub struct Parts {
    /// Judges tokens.
    pub authenticator: Arc<Authenticator>,
    /// Executes operations.
    pub engine: Engine,
    /// Tells where streams begin.
    pub heads: Arc<dyn Heads>,
    /// Limits of connections.
    pub settings: StreamConfig,
    /// Limits of requests.
    pub http: HttpConfig,
}

/// All connections that last; cheap to clone.
#[derive(Clone)]
pub struct Streams(Arc<Inner>);

struct Inner {
    authenticator: Arc<Authenticator>,
    engine: Engine,
    runs: SharedRuns,
    places: Places,
    settings: StreamConfig,
    http: HttpConfig,
    stopping: CancellationToken,
    sockets: TaskTracker,
    // Held, as it is counted up with every answer.
    delivered: metrics::Counter,
}

impl Streams {
    /// No connections yet.
    pub fn new(parts: Parts) -> Self {
        let settings = parts.settings;
        let most = Most {
            process: settings.max_connections,
            tenant: settings.max_connections_per_tenant,
            principal: settings.max_connections_per_principal,
        };
        Self(Arc::new(Inner {
            runs: SharedRuns::new(parts.engine.clone(), parts.heads, Bounds::default()),
            authenticator: parts.authenticator,
            engine: parts.engine,
            places: Places::new(most),
            settings,
            http: parts.http,
            stopping: CancellationToken::new(),
            sockets: TaskTracker::new(),
            delivered: metrics::counter!("sluice_stream_delivered_total"),
        }))
    }

    /// Tells every connection to end, spread over a part of the grace so that clients do not all
    /// come back at once.
    pub fn stop(&self) {
        self.0.stopping.cancel();
        self.0.sockets.close();
    }

    /// Returns when every WebSocket has ended, after [`Streams::stop`].
    pub async fn ended(&self) {
        self.0.sockets.wait().await;
    }

    /// Connections that are open.
    pub fn connections(&self) -> usize {
        self.0.places.len()
    }
}

/// Takes what asks for a connection that lasts; everything else goes on to its handler.
pub(super) async fn intercept(
    State(streams): State<Streams>,
    request: Request,
    next: Next,
) -> Response {
    if socket::is_asked_for(request.headers()) {
        return socket::upgrade(streams, request);
    }
    if sse::is_asked_for(request.headers()) {
        return sse::open(streams, request).await;
    }
    next.run(request).await
}

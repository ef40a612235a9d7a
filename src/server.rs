//! The server: started from settings, stopped in order.

mod accept;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use sluice_bus::Backlog;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    auth::{Authenticator, KeyError, TokenRequest},
    compose::{self, App, StartError, Surroundings, Workers},
    config::{AuthConfig, Config},
    data_dir::DataDir,
    http::{
        self, Edge, Origins,
        dashboard::SignIn,
        graphql::Engine,
        stream::{self, Streams},
    },
};

// What workers get beyond the grace that runs have, to write down how they ended.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// A server at work. Dropping it stops it at once; [`Running::shutdown`] does it in order.
pub struct Running {
    addr: SocketAddr,
    url: String,
    app: App,
    authenticator: Arc<Authenticator>,
    accepting: CancellationToken,
    streams: Streams,
    working: CancellationToken,
    workers: TaskTracker,
    serving: JoinHandle<()>,
    grace: Duration,
    _data_dir: DataDir,
}

/// What did not end in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("after the grace there were still {tasks} workers at work, requests under way: {requests}")]
pub struct Unfinished {
    /// Workers that were cut off.
    pub tasks: usize,
    /// Whether requests were cut off.
    pub requests: bool,
}

/// Starts the server of `config`. It answers when this returns.
///
/// # Errors
/// [`StartError`] says what is wrong with which setting, folder, store or address.
pub async fn start(config: Config) -> Result<Running, StartError> {
    install_tls();
    let metrics = crate::telemetry::metrics();
    let data_dir = DataDir::open(&config.data_dir)?;
    let listener = bind(config.listen).await?;
    let addr = listener.local_addr().unwrap_or(config.listen);
    let url = match &config.public_url {
        Some(url) => url.clone(),
        None => format!("http://{addr}"),
    };
    let authenticator = Arc::new(Authenticator::open(&config)?);
    let stores = compose::open(&config, data_dir.path()).await?;
    let surroundings = Surroundings {
        config: &config,
        data_dir: data_dir.path(),
        instance: data_dir.instance(),
        public_url: &url,
    };
    let app = App::new(stores, &surroundings).await?;
    app.take_over().await?;
    let engine = Engine::new(app.graphql(&config), &config.graphql);
    let streams = Streams::new(stream::Parts {
        authenticator: authenticator.clone(),
        engine: engine.clone(),
        heads: app.heads(),
        settings: config.stream.clone(),
        http: config.http.clone(),
    });
    let edge = Edge {
        authenticator: authenticator.clone(),
        sign_in: sign_in(&config.auth),
        http: config.http.clone(),
        origins: Origins::new(&url, &config.http.cors_origins),
        mode: config.mode,
        graphql: engine,
        streams: streams.clone(),
        rest: app.rest.clone(),
        rest_with_files: app.rest_with_files.clone(),
        nuget: app.nuget.clone(),
        openapi: Arc::new(App::openapi()),
        repositories: app.repositories(),
        git: app.git.clone(),
        readiness: app.readiness(),
        metrics,
    };
    let (workers, working) = (TaskTracker::new(), CancellationToken::new());
    Workers::new(workers.clone(), working.clone()).start(&app);
    let accepting = CancellationToken::new();
    let router = http::router(edge);
    let serving = accept::serve(listener, router, &config.http, accepting.clone());
    tracing::info!(%addr, mode = config.mode.as_str(), "serving");
    Ok(Running {
        addr,
        url,
        app,
        authenticator,
        accepting,
        streams,
        working,
        workers,
        serving,
        grace: config.http.shutdown_grace,
        _data_dir: data_dir,
    })
}

fn sign_in(auth: &AuthConfig) -> Option<SignIn> {
    let client_id = auth.client_id.clone()?;
    Some(SignIn {
        issuer: auth.issuer.clone(),
        client_id,
        audience: auth.audience.clone(),
    })
}

/// Chooses the process's TLS implementation; safe to call again.
pub fn install_tls() {
    // Refused when it is installed already, which is as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| StartError::Listen { address, source })
}

impl Running {
    /// Where it accepts connections.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where clients reach it, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The services behind it.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Workers at work.
    pub fn tasks(&self) -> usize {
        self.workers.len()
    }

    /// Signs a token, in the embedded mode.
    ///
    /// # Errors
    /// [`KeyError::NotOurs`] in the production mode.
    pub fn token(&self, request: &TokenRequest) -> Result<String, KeyError> {
        self.authenticator.sign(request)
    }

    /// Events in the outboxes, and deliveries on the bus.
    ///
    /// # Errors
    /// When a store does not answer.
    pub async fn backlog(&self) -> Result<(u64, Backlog), StartError> {
        let mut outbox = 0;
        for store in self.app.stores.of_services() {
            let waiting = store.outbox().backlog().await;
            outbox += waiting.map_err(|source| StartError::Store {
                store: store.service(),
                source,
            })?;
        }
        Ok((outbox, self.app.transport.backlog().await?))
    }

    /// Stops in order: no new connections, requests to their end, then the workers; each within
    /// the grace.
    ///
    /// # Errors
    /// [`Unfinished`] when something had to be cut off; recovery finishes it at the next start.
    pub async fn shutdown(mut self) -> Result<(), Unfinished> {
        self.accepting.cancel();
        self.streams.stop();
        let (serving, streams) = (&mut self.serving, &self.streams);
        let ending = async { tokio::join!(serving, streams.ended()) };
        let drained = tokio::time::timeout(self.grace, ending).await;
        let requests = drained.is_err();
        if requests {
            self.serving.abort();
        }
        self.working.cancel();
        self.workers.close();
        let patience = self.grace + LAST_WORDS;
        let _ = tokio::time::timeout(patience, self.workers.wait()).await;
        let tasks = self.workers.len();
        if tasks == 0 && !requests {
            tracing::info!("stopped");
            Ok(())
        } else {
            Err(Unfinished { tasks, requests })
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.accepting.cancel();
        self.streams.stop();
        self.working.cancel();
        self.serving.abort();
    }
}

#[cfg(test)]
mod tests;

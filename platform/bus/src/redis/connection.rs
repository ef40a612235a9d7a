//! One connection for commands, made again when it breaks, and the subscriber's beside it.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use redis::{
    AsyncConnectionConfig, Client, FromRedisValue, Pipeline, RedisError, RedisResult, Script,
    aio::MultiplexedConnection,
};
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::subscriber::Subscriber;
use crate::{BusError, LiveSignal, live::BEHIND};

const CONNECT: Duration = Duration::from_secs(2);
// The crate's own is half a second, which a busy server or a long script passes.
const ANSWER: Duration = Duration::from_secs(10);
// While Redis is away, all who ask are refused by the outcome of one attempt.
const PAUSE: Duration = Duration::from_millis(200);

/// Tells a consumer's claimants, by the consumer's name.
pub(super) type Wakes = Arc<Mutex<HashMap<String, Arc<Notify>>>>;

/// A Redis server, reached by one connection for commands and one that listens; cheap to clone.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    client: Client,
    prefix: String,
    slot: tokio::sync::Mutex<Slot>,
    wakes: Wakes,
    live: broadcast::Sender<LiveSignal>,
    _subscriber: DropGuard,
}

#[derive(Default)]
struct Slot {
    connection: Option<MultiplexedConnection>,
    generation: u64,
    refused: Option<Instant>,
}

impl Redis {
    /// A server by its URL (`redis://…`, or `rediss://…` for TLS); all keys and channels begin
    /// with `sluice:{<namespace>}:`. It is connected to when it is needed, and listened to from
    /// now on, until the last clone is dropped; needs a Tokio runtime.
    ///
    /// # Errors
    /// [`BusError::Redis`] when the URL cannot be read.
    pub fn open(url: &str, namespace: &str) -> Result<Self, BusError> {
        let client = Client::open(url)?;
        // In braces: one hash slot, should the server be a cluster.
        let prefix = format!("sluice:{{{namespace}}}:");
        let (wakes, live) = (Wakes::default(), broadcast::channel(BEHIND).0);
        let stop = CancellationToken::new();
        let subscriber = Subscriber {
            client: client.clone(),
            prefix: prefix.clone(),
            wakes: wakes.clone(),
            live: live.clone(),
        };
        tokio::spawn(stop.clone().run_until_cancelled_owned(subscriber.run()));
        Ok(Self(Arc::new(Inner {
            client,
            prefix,
            slot: tokio::sync::Mutex::default(),
            wakes,
            live,
            _subscriber: stop.drop_guard(),
        })))
    }

    /// Whether it answers.
    ///
    /// # Errors
    /// What it fails with; also when its policy may evict keys, which would lose events.
    pub async fn check(&self) -> Result<(), BusError> {
        let memory: String = self
            .attempt(async |connection| {
                redis::cmd("INFO")
                    .arg("memory")
                    .query_async(connection)
                    .await
            })
            .await?;
        let policy = memory
            .lines()
            .find_map(|line| line.strip_prefix("maxmemory_policy:"));
        match policy.map(str::trim) {
            Some(policy) if policy != "noeviction" => Err(BusError::Evicts(policy.to_owned())),
            _ => Ok(()),
        }
    }

    pub(super) fn prefix(&self) -> &str {
        &self.0.prefix
    }

    pub(super) fn listen(&self) -> broadcast::Receiver<LiveSignal> {
        self.0.live.subscribe()
    }

    pub(super) fn woken(&self, consumer: &str) -> Arc<Notify> {
        let mut wakes = self.0.wakes.lock().unwrap_or_else(PoisonError::into_inner);
        wakes.entry(consumer.to_owned()).or_default().clone()
    }

    /// Runs a step that may be done twice; a connection that breaks is tried again once.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        arguments: &[String],
    ) -> Result<T, BusError> {
        match self.run_once(script, arguments).await {
            Err(BusError::Redis(error)) if error.is_connection_dropped() => {
                self.run_once(script, arguments).await
            }
            outcome => outcome,
        }
    }

    /// Runs a step; when the answer is lost, it may have been done.
    pub(super) async fn run_once<T: FromRedisValue>(
        &self,
        script: &Script,
        arguments: &[String],
    ) -> Result<T, BusError> {
        self.attempt(async |connection| {
            let mut invocation = script.key(self.prefix());
            if !arguments.is_empty() {
                invocation.arg(arguments);
            }
            invocation.invoke_async(connection).await
        })
        .await
    }

    pub(super) async fn send(&self, pipeline: &Pipeline) -> Result<(), BusError> {
        self.attempt(async |connection| pipeline.exec_async(connection).await)
            .await
    }

    async fn attempt<T>(
        &self,
        act: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<T>,
    ) -> Result<T, BusError> {
        let (mut connection, generation) = self.connection().await?;
        let outcome = act(&mut connection).await;
        if let Err(error) = &outcome
            && is_broken(error)
        {
            let mut slot = self.0.slot.lock().await;
            if slot.generation == generation {
                slot.connection = None;
            }
        }
        Ok(outcome?)
    }

    async fn connection(&self) -> Result<(MultiplexedConnection, u64), BusError> {
        let mut slot = self.0.slot.lock().await;
        if let Some(connection) = &slot.connection {
            return Ok((connection.clone(), slot.generation));
        }
        if slot.refused.is_some_and(|at| at.elapsed() < PAUSE) {
            return Err(BusError::Away);
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER));
        let client = &self.0.client;
        let made = client.get_multiplexed_async_connection_with_config(&config);
        match made.await {
            Ok(connection) => {
                slot.refused = None;
                slot.generation += 1;
                slot.connection = Some(connection.clone());
                Ok((connection, slot.generation))
            }
            Err(error) => {
                slot.refused = Some(Instant::now());
                Err(error.into())
            }
        }
    }
}

// A time-out may be a server that is gone without a word; READONLY one that was replaced.
fn is_broken(error: &RedisError) -> bool {
    error.is_unrecoverable_error()
        || error.is_io_error()
        || error.is_timeout()
        || error.is_connection_dropped()
        || error.code() == Some("READONLY")
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client's URL holds the password.
        f.debug_tuple("Redis").field(&self.0.prefix).finish()
    }
}

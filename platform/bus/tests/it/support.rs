//! A bus, events for it, and a reaction that does as it is told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use sluice_bus::{Backoff, EmbeddedTransport, Redis, RedisTransport, Route, Transport};
use sluice_kernel::{Ctx, Reaction, ReactionError};
use sluice_schema::{Actor, ActorKind, Envelope, EventId, Subject};
use sluice_testkit::{Backend, Databases, RedisServer};

pub(crate) const ROUTES: [Route; 2] = [
    Route {
        consumer: "branch",
        event_types: &["Happened"],
    },
    Route {
        consumer: "commit",
        event_types: &["Happened", "Ended"],
    },
];

pub(crate) const FAST: Backoff = Backoff {
    base: Duration::from_millis(1),
    cap: Duration::from_millis(5),
    attempts: 3,
};

/// Which transport a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
    Redis,
}

/// What transports stand on; the databases are there for outboxes too.
pub(crate) struct Place {
    kind: Kind,
    pub(crate) databases: Databases,
    pub(crate) namespace: String,
}

impl Place {
    /// Messages that the transport holds.
    pub(crate) async fn messages(&self) -> usize {
        if self.kind == Kind::Redis {
            let keys = format!("KEYS sluice:{{{}}}:m:*", self.namespace);
            return RedisServer::shared().command(&keys).matches(":m:").count();
        }
        let store = self.databases.open("bus").await;
        let tx = store.begin_raw().await.unwrap();
        tx.query("SELECT 1 FROM message", []).await.unwrap().len()
    }
}

pub(crate) async fn bus(place: &Place) -> Arc<dyn Transport> {
    if place.kind == Kind::Redis {
        return redis_bus(RedisServer::shared(), &place.namespace);
    }
    let store = place.databases.open("bus").await;
    Arc::new(EmbeddedTransport::new(store, ROUTES.to_vec()))
}

pub(crate) fn redis_bus(server: &RedisServer, namespace: &str) -> Arc<dyn Transport> {
    let redis = Redis::open(&server.url(), namespace).unwrap();
    Arc::new(RedisTransport::new(redis, ROUTES.to_vec()))
}

pub(crate) async fn fresh(kind: Kind) -> (Place, Arc<dyn Transport>) {
    let backend = match kind {
        Kind::Postgres => Backend::Postgres,
        Kind::Sqlite | Kind::Redis => Backend::Sqlite,
    };
    let place = Place {
        kind,
        databases: Databases::fresh(backend).await,
        namespace: RedisServer::namespace(),
    };
    let bus = bus(&place).await;
    (place, bus)
}

/// Makes each named `async fn(Kind)` three tests.
macro_rules! on_every_bus {
    ($($name:ident),+ $(,)?) => {
        $crate::support::on_every_bus!(@ sqlite Sqlite $($name)+);
        $crate::support::on_every_bus!(@ postgres Postgres $($name)+);
        $crate::support::on_every_bus!(@ redis Redis $($name)+);
    };
    (@ $module:ident $kind:ident $($name:ident)+) => {
        mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::support::Kind::$kind).await;
            })+
        }
    };
}
pub(crate) use on_every_bus;

pub(crate) fn event(event_type: &str, tenant: &str, subject: &str) -> Envelope {
    Envelope {
        event_id: EventId::generate(),
        event_type: event_type.to_owned(),
        schema_version: 1,
        tenant_id: tenant.parse().unwrap(),
        project_id: "web".parse().unwrap(),
        module_id: None,
        trace_id: "t".to_owned(),
        correlation_id: "c".to_owned(),
        causation_id: None,
        sequence: None,
        occurred_at: chrono::DateTime::UNIX_EPOCH,
        subject: Subject {
            kind: "Thing".to_owned(),
            id: subject.to_owned(),
        },
        actor: Actor {
            kind: ActorKind::User,
            id: "ada".to_owned(),
        },
        payload: serde_json::json!({}),
    }
}

/// What the reaction does with its next deliveries.
pub(crate) enum Then {
    Succeed,
    FailForNow,
    FailForGood,
    Panic,
}

/// Follows a script, then succeeds; notes every event that it saw.
#[derive(Default)]
pub(crate) struct Scripted {
    pub(crate) script: Mutex<VecDeque<Then>>,
    pub(crate) seen: Mutex<Vec<EventId>>,
}

impl Scripted {
    pub(crate) fn new(script: impl IntoIterator<Item = Then>) -> Arc<Self> {
        Arc::new(Self {
            script: Mutex::new(script.into_iter().collect()),
            ..Self::default()
        })
    }

    pub(crate) fn seen(&self) -> Vec<EventId> {
        self.seen.lock().unwrap().clone()
    }
}

#[async_trait]
impl Reaction for Scripted {
    fn consumer(&self) -> &'static str {
        "branch"
    }

    fn event_types(&self) -> &'static [&'static str] {
        &["Happened"]
    }

    async fn handle(&self, ctx: &Ctx, event: &Envelope) -> Result<(), ReactionError> {
        assert_eq!(ctx.tenant(), &event.tenant_id);
        self.seen.lock().unwrap().push(event.event_id);
        let next = self
            .script
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or(Then::Succeed);
        let failed = |retryable| {
            Err(ReactionError {
                message: "told to fail".to_owned(),
                retryable,
            })
        };
        match next {
            Then::Succeed => Ok(()),
            Then::FailForNow => failed(true),
            Then::FailForGood => failed(false),
            Then::Panic => panic!("told to panic"),
        }
    }
}

//! Redis that loses connections, or everything: nothing that was committed may be missing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use sluice_bus::{Backoff, Dispatcher, LiveChannel, LiveMessage, LiveSignal, Relay, Transport};
use sluice_bus::{Redis, RedisLive};
use sluice_kernel::{Ctx, PageRequest, Reaction, ReactionError};
use sluice_schema::{
    Envelope, EventId, NewEvent, RepositoryId, TypedId, events::RepositoryArchived,
};
use sluice_store::Store;
use sluice_testkit::{Backend, Databases, RedisServer, User, eventually};
use tokio::{sync::broadcast::Receiver, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::support::redis_bus;

const FOREVER: Backoff = Backoff {
    base: Duration::from_millis(1),
    cap: Duration::from_millis(50),
    attempts: u32::MAX,
};

type Seen = Arc<Mutex<Vec<EventId>>>;

struct Noting(&'static str, Seen);

#[async_trait]
impl Reaction for Noting {
    fn consumer(&self) -> &'static str {
        self.0
    }

    fn event_types(&self) -> &'static [&'static str] {
        &["Happened"]
    }

    async fn handle(&self, _: &Ctx, event: &Envelope) -> Result<(), ReactionError> {
        self.1.lock().unwrap().push(event.event_id);
        Ok(())
    }
}

/// A server of its own, a store whose outbox is relayed, and both consumers at work.
struct World {
    server: RedisServer,
    _databases: Databases,
    store: Store,
    bus: Arc<dyn Transport>,
    seen: BTreeMap<&'static str, Seen>,
    committed: Vec<EventId>,
    stop: CancellationToken,
    workers: Vec<JoinHandle<()>>,
}

impl World {
    async fn new() -> Self {
        let server = RedisServer::start();
        let databases = Databases::fresh(Backend::Sqlite).await;
        let store = databases.open("repository").await;
        let bus = redis_bus(&server, "main");
        let mut world = Self {
            server,
            _databases: databases,
            store,
            bus,
            seen: BTreeMap::new(),
            committed: Vec::new(),
            stop: CancellationToken::new(),
            workers: Vec::new(),
        };
        let relay = Relay::new(world.store.clone(), world.bus.clone());
        world
            .workers
            .push(tokio::spawn(relay.run(world.stop.clone())));
        world
    }

    fn consume(&mut self, consumer: &'static str) {
        let seen = self.seen.entry(consumer).or_default().clone();
        let reaction = Arc::new(Noting(consumer, seen));
        let dispatcher = Dispatcher::new(self.bus.clone(), reaction, FOREVER);
        self.workers
            .push(tokio::spawn(dispatcher.run(self.stop.clone())));
    }

    async fn commit(&mut self, count: usize) {
        let ctx = User::of("acme", "ada").ctx();
        for _ in 0..count {
            let payload = RepositoryArchived {
                repository_id: RepositoryId::generate(),
                name: "x".to_owned(),
            };
            let mut happened = NewEvent::of(&"web".parse().unwrap(), None, &payload).unwrap();
            happened.event_type = "Happened";
            let tx = self.store.begin(&ctx).await.unwrap();
            let envelopes = tx.commit([happened]).await.unwrap();
            self.committed
                .extend(envelopes.iter().map(|one| one.event_id));
        }
    }

    fn missing(&self) -> usize {
        let seen = self.seen.values().map(|seen| seen.lock().unwrap().clone());
        let missing = seen.map(|seen| {
            let seen: BTreeSet<_> = seen.into_iter().collect();
            self.committed
                .iter()
                .filter(|id| !seen.contains(id))
                .count()
        });
        missing.sum()
    }

    async fn everything_arrives(self) {
        eventually("every event reaches every consumer", || async {
            (self.missing() == 0).then_some(())
        })
        .await;
        eventually("the outbox is empty", || async {
            (self.store.outbox().backlog().await.unwrap() == 0).then_some(())
        })
        .await;
        self.stop.cancel();
        for worker in self.workers {
            worker.await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_break_lose_nothing() {
    let mut world = World::new().await;
    world.consume("branch");
    world.consume("commit");
    let mut killed = 0;
    for _ in 0..15 {
        world.commit(10).await;
        killed += world.server.kill_connections("normal");
        world.commit(10).await;
    }
    assert!(killed >= 10, "{killed}");
    world.everything_arrives().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_back_empty_loses_nothing() {
    let mut world = World::new().await;
    world.consume("branch");
    // Nobody consumes for the other one at first: what was published waits, and is lost.
    for _ in 0..3 {
        world.commit(20).await;
        eventually("the events are on the bus", || async {
            (world.bus.backlog().await.ok()?.waiting >= 20).then_some(())
        })
        .await;
        world.commit(5).await;
        world.server.stop();
        world.commit(20).await;
        world.server.start_again();
        world.commit(5).await;
    }
    world.consume("commit");
    world.everything_arrives().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_flushed_and_what_was_dead_comes_again() {
    let mut world = World::new().await;
    world.commit(3).await;
    let claimed = eventually("the events are on the bus", || async {
        let claimed = world.bus.claim("branch", 1, Duration::from_secs(60)).await;
        claimed.ok().filter(|claimed| !claimed.is_empty())
    })
    .await;
    world.bus.fail(&claimed[0], "never", None).await.unwrap();
    let tenant = "acme".parse().unwrap();
    let letters = world
        .bus
        .dead_letters(&tenant, &PageRequest::first(10), None)
        .await;
    assert_eq!(letters.unwrap().len(), 1);
    world.server.command("FLUSHALL");
    world.consume("branch");
    world.consume("commit");
    world.everything_arrives().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_goes_out_again_before_newer_ones() {
    let mut world = World::new().await;
    world.commit(30).await;
    eventually("the events are on the bus", || async {
        (world.bus.backlog().await.ok()?.waiting == 60).then_some(())
    })
    .await;
    world.server.command("FLUSHALL");
    world.commit(300).await;
    eventually("all events are on the bus again", || async {
        (world.bus.backlog().await.ok()?.waiting == 660).then_some(())
    })
    .await;
    let run = world.bus.claim_run("branch", 330, Duration::from_secs(60));
    let run: Vec<_> = run.await.unwrap();
    let order: Vec<_> = run.iter().map(|one| one.envelope.event_id).collect();
    assert_eq!(order, world.committed);
    world.stop.cancel();
}

async fn hears(listener: &mut Receiver<LiveSignal>) -> LiveSignal {
    let heard = tokio::time::timeout(Duration::from_secs(60), listener.recv());
    heard.await.expect("a signal in time").unwrap()
}

fn message(sequence: u64) -> LiveMessage {
    LiveMessage {
        tenant: "acme".parse().unwrap(),
        sequence,
        body: b"{}".to_vec().into(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_listens_is_told_to_look_for_itself_after_the_connection_broke() {
    let server = RedisServer::start();
    let (one, two) = (live(&server), live(&server));
    eventually("both are connected", || async {
        let count = server.command("PUBSUB NUMSUB sluice:{main}:live");
        count.contains(":2").then_some(())
    })
    .await;
    let mut listener = one.listen();
    two.publish(&[message(1), message(2)]).await.unwrap();
    let first = hears(&mut listener).await;
    // It may have been told of its own connection as well.
    let first = match first {
        LiveSignal::Resync => hears(&mut listener).await,
        message => message,
    };
    assert_eq!(first, LiveSignal::Message(message(1)));
    let second = hears(&mut listener).await;
    assert_eq!(second, LiveSignal::Message(message(2)));
    server.command("PUBLISH sluice:{main}:live nonsense");
    assert_eq!(server.kill_connections("pubsub"), 2, "one for each process");
    assert_eq!(hears(&mut listener).await, LiveSignal::Resync, "broken");
    two.publish(&[message(3)]).await.unwrap();
    let heard = LiveSignal::Message(message(3));
    assert_eq!(hears(&mut listener).await, heard);
    server.stop();
    assert!(two.publish(&[message(4)]).await.is_err());
    server.start_again();
    assert_eq!(hears(&mut listener).await, LiveSignal::Resync, "restarted");
    two.publish(&[message(5)]).await.unwrap();
    let heard = LiveSignal::Message(message(5));
    assert_eq!(hears(&mut listener).await, heard);
}

fn live(server: &RedisServer) -> RedisLive {
    RedisLive::new(Redis::open(&server.url(), "main").unwrap())
}

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use async_graphql::{Request, Response, ServerError, Value as GraphQlValue};
use futures::{
    FutureExt, StreamExt,
    stream::{self, BoxStream},
};
use serde_json::{Value, json};
use sluice_kernel::{Principal, ProjectAccess};
use sluice_resolvers::stream::Delivered;
use sluice_schema::{Actor, ActorKind, Scope};
use tokio::sync::watch;

use super::*;
use crate::{
    config::{Config, Sources},
    http::graphql::{GraphQl, Parameters},
};

/// A ledger of numbers, and what was asked of it; cheap to clone.
#[derive(Clone)]
pub(super) struct World(Arc<Inner>);

struct Inner {
    end: watch::Sender<u64>,
    // Streams fail at this place.
    broken_at: watch::Sender<u64>,
    // How far back streams may begin.
    retention: watch::Sender<u64>,
    opened: AtomicUsize,
    open: AtomicUsize,
}

impl Default for World {
    fn default() -> Self {
        Self(Arc::new(Inner {
            end: watch::Sender::new(0),
            broken_at: watch::Sender::new(u64::MAX),
            retention: watch::Sender::new(u64::MAX),
            opened: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
        }))
    }
}

/// Counts an execution while it is there.
struct Open(World);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl World {
    fn append(&self, count: u64) {
        self.0.end.send_modify(|end| *end += count);
    }

    fn opened(&self) -> usize {
        self.0.opened.load(Ordering::SeqCst)
    }

    fn open(&self) -> usize {
        self.0.open.load(Ordering::SeqCst)
    }

    fn hole(&self, begin: u64, until: u64) -> Option<Delivered> {
        let (end, retention) = (*self.0.end.borrow(), *self.0.retention.borrow());
        let position = end.saturating_sub(retention).min(until);
        (begin < position).then(|| Delivered {
            position,
            gap: true,
            response: Response::new(GraphQlValue::from(hole(begin + 1, position))),
        })
    }

    fn runs(&self, count: usize) -> SharedRuns {
        let bounds = Bounds {
            count,
            ..Bounds::default()
        };
        SharedRuns::new(engine(self.clone()), Arc::new(self.clone()), bounds)
    }
}

#[async_trait]
impl Heads for World {
    async fn head(&self, _: &Ctx) -> Result<u64, BoxFault> {
        Ok(*self.0.end.borrow())
    }
}

#[async_trait]
impl GraphQl for World {
    async fn execute(&self, _: Ctx, _: Request) -> Response {
        Response::default()
    }

    async fn subscribe(
        &self,
        _: Ctx,
        _: Request,
        range: Option<Range>,
    ) -> Result<BoxStream<'static, Delivered>, Box<Response>> {
        self.0.opened.fetch_add(1, Ordering::SeqCst);
        self.0.open.fetch_add(1, Ordering::SeqCst);
        let begin = range.map_or(*self.0.end.borrow(), |range| range.after);
        let until = range.and_then(|range| range.until).unwrap_or(u64::MAX);
        let hole = self.hole(begin, until);
        let begin = hole.as_ref().map_or(begin, |hole| hole.position);
        let state = (Open(self.clone()), begin, false);
        let items = stream::unfold(state, move |(open, position, failed)| async move {
            if failed || position >= until {
                return None;
            }
            let mut end = open.0.0.end.subscribe();
            end.wait_for(|end| *end > position).await.ok()?;
            let next = position + 1;
            if next >= *open.0.0.broken_at.borrow() {
                let error = ServerError::new("broken", None);
                let response = Response::from_errors(vec![error]);
                let delivered = Delivered {
                    position,
                    gap: false,
                    response,
                };
                return Some((delivered, (open, position, true)));
            }
            let response = Response::new(GraphQlValue::from(next));
            let delivered = Delivered {
                position: next,
                gap: false,
                response,
            };
            Some((delivered, (open, next, false)))
        });
        Ok(stream::iter(hole).chain(items).boxed())
    }
}

fn hole(from: u64, to: u64) -> String {
    format!("hole {from}..={to}")
}

pub(super) fn engine(world: World) -> Engine {
    let config = Config::load(&Sources::default()).unwrap();
    Engine::new(Arc::new(world), &config.graphql)
}

pub(super) fn parameters(operation: &Value) -> Parameters {
    Parameters::from_json(operation.clone()).unwrap()
}

pub(super) fn caller(tenant: &str, actor: &str, only: Option<&[&str]>, scopes: &[Scope]) -> Ctx {
    let projects = match only {
        None => ProjectAccess::All,
        Some(names) => {
            let names = names.iter().map(|name| name.parse().unwrap());
            ProjectAccess::Only(names.collect::<BTreeSet<_>>())
        }
    };
    let principal = Principal {
        tenant: tenant.parse().unwrap(),
        projects,
        actor: Actor {
            kind: ActorKind::User,
            id: actor.to_owned(),
        },
        scopes: scopes.iter().copied().collect(),
    };
    Ctx::for_request(principal, None)
}

fn ada() -> Ctx {
    caller("acme", "ada", None, &[Scope::Read])
}

async fn subscribe(runs: &SharedRuns, ctx: Ctx, after: Option<u64>) -> Subscription {
    let text = "subscription($after: String) { deliveryEvents(after: $after) { __typename } }";
    let after = after.map(|after| after.to_string());
    let operation = json!({"query": text, "variables": {"after": after}});
    let prepared = engine(World::default()).prepare(&ctx, parameters(&operation));
    let subscribed = runs.subscribe(ctx, prepared.unwrap(), None).await;
    subscribed.map_err(|_| "refused").unwrap()
}

async fn next(subscription: &mut Subscription) -> Option<Answer> {
    let answer = tokio::time::timeout(Duration::from_secs(20), subscription.next());
    answer.await.expect("an answer in time")
}

async fn positions(subscription: &mut Subscription, count: usize) -> Vec<u64> {
    let mut got = Vec::new();
    for _ in 0..count {
        let answer = next(subscription).await.unwrap();
        assert_eq!(
            &*answer.payload,
            format!(r#"{{"data":{}}}"#, answer.position)
        );
        got.push(answer.position);
    }
    got
}

async fn until(what: impl Fn() -> bool) {
    let wait = async {
        while !what() {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), wait);
    waited.await.expect("it happens in time");
}

#[tokio::test]
async fn equal_subscriptions_share_one_execution_and_its_bytes() {
    let world = World::default();
    let runs = world.runs(16);
    let mut one = subscribe(&runs, ada(), None).await;
    let grace = caller("acme", "grace", None, &[Scope::Read]);
    let mut two = subscribe(&runs, grace, None).await;
    world.append(2);
    let (first, second) = (next(&mut one).await.unwrap(), next(&mut two).await.unwrap());
    assert_eq!(first, second);
    assert_eq!(first.payload.as_ptr(), second.payload.as_ptr());
    assert_eq!(positions(&mut one, 1).await, [2]);
    assert_eq!(world.opened(), 1);
}

#[tokio::test]
async fn different_permissions_never_share() {
    let world = World::default();
    let runs = world.runs(16);
    let mut all = Vec::new();
    for ctx in [
        ada(),
        caller("umbrella", "ada", None, &[Scope::Read]),
        caller("acme", "ada", Some(&["web"]), &[Scope::Read]),
        caller("acme", "ada", None, Scope::ALL),
    ] {
        all.push(subscribe(&runs, ctx, None).await);
    }
    assert_eq!((world.opened(), runs.len()), (4, 4));
}

#[tokio::test]
async fn a_run_ends_with_its_last_subscriber() {
    let world = World::default();
    let runs = world.runs(16);
    let one = subscribe(&runs, ada(), None).await;
    let mut two = subscribe(&runs, ada(), None).await;
    drop(one);
    world.append(1);
    assert_eq!(positions(&mut two, 1).await, [1]);
    assert_eq!((world.open(), runs.len()), (1, 1));
    drop(two);
    assert_eq!(runs.len(), 0);
    until(|| world.open() == 0).await;
    let _again = subscribe(&runs, ada(), None).await;
    assert_eq!(world.opened(), 2);
}

#[tokio::test]
async fn without_a_place_a_subscription_begins_at_the_ledgers_end_also_when_it_shares() {
    let world = World::default();
    world.append(5);
    let runs = world.runs(16);
    let mut one = subscribe(&runs, ada(), None).await;
    world.append(3);
    let mut two = subscribe(&runs, ada(), None).await;
    world.append(1);
    assert_eq!(positions(&mut one, 4).await, [6, 7, 8, 9]);
    assert_eq!(positions(&mut two, 1).await, [9]);
    assert!(next(&mut two).now_or_never().is_none());
    assert_eq!(world.opened(), 1);
}

#[tokio::test]
async fn the_many_who_come_back_together_share_what_they_missed() {
    let world = World::default();
    world.append(100);
    let runs = world.runs(16);
    for after in [94, 95, 99, 100] {
        let mut back = subscribe(&runs, ada(), Some(after)).await;
        let missed: Vec<_> = (after + 1..=100).collect();
        assert_eq!(positions(&mut back, missed.len()).await, missed);
        std::mem::forget(back);
    }
    assert_eq!(world.opened(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_behind_catches_up_and_joins_without_hole_or_repeat_under_load() {
    let world = World::default();
    world.append(50);
    let runs = world.runs(8);
    let mut all = Vec::new();
    for after in [0, 10, 49, 50] {
        all.push((after, subscribe(&runs, ada(), Some(after)).await));
    }
    let writing = world.clone();
    let writer = tokio::spawn(async move {
        for _ in 0..950 {
            writing.append(1);
            tokio::task::yield_now().await;
        }
    });
    let readers = all.into_iter().map(|(after, mut subscription)| {
        tokio::spawn(async move {
            let wanted: Vec<_> = (after + 1..=1_000).collect();
            let got = positions(&mut subscription, wanted.len()).await;
            assert_eq!(got, wanted);
        })
    });
    futures::future::try_join_all(readers).await.unwrap();
    writer.await.unwrap();
    // The run, and at least the one that began behind everything.
    assert!(world.opened() >= 2);
}

#[tokio::test]
async fn a_stream_that_fails_says_so_to_all_and_the_next_subscriber_begins_anew() {
    let world = World::default();
    let runs = world.runs(4);
    let mut one = subscribe(&runs, ada(), None).await;
    let mut two = subscribe(&runs, ada(), None).await;
    world.0.broken_at.send_replace(3);
    world.append(10);
    for subscription in [&mut one, &mut two] {
        assert_eq!(positions(subscription, 2).await, [1, 2]);
        let last = next(subscription).await.unwrap();
        assert_eq!(last.position, 2);
        assert!(last.payload.contains("broken"), "{}", last.payload);
        assert_eq!(next(subscription).await, None);
    }
    world.0.broken_at.send_replace(u64::MAX);
    let mut again = subscribe(&runs, ada(), Some(2)).await;
    assert_eq!(positions(&mut again, 8).await, (3..=10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_failure_while_catching_up_is_never_a_silent_hole() {
    let world = World::default();
    world.append(100);
    let runs = world.runs(4);
    let mut behind = subscribe(&runs, ada(), Some(10)).await;
    assert_eq!(positions(&mut behind, 1).await, [11]);
    world.0.broken_at.send_replace(20);
    assert_eq!(
        positions(&mut behind, 8).await,
        (12..=19).collect::<Vec<_>>()
    );
    let last = next(&mut behind).await.unwrap();
    assert_eq!(last.position, 19);
    assert!(last.payload.contains("broken"), "{}", last.payload);
    assert_eq!(next(&mut behind).await, None);
}

#[tokio::test]
async fn a_hole_is_told_to_each_from_where_it_is_itself_though_they_share() {
    let world = World::default();
    world.0.retention.send_replace(10);
    world.append(100);
    let runs = world.runs(64);
    // The one in whose place the run begins, two who join before it has met its hole, and two
    // who join later.
    let mut all = Vec::new();
    for after in [70, 80, 95] {
        all.push((after, subscribe(&runs, ada(), Some(after)).await));
    }
    until(|| runs.lows() == [90]).await;
    for after in [75, 90] {
        all.push((after, subscribe(&runs, ada(), Some(after)).await));
    }
    for (after, subscription) in &mut all {
        let after = *after;
        if after < 90 {
            let told = next(subscription).await.unwrap();
            let expected = format!(r#"{{"data":"{}"}}"#, hole(after + 1, 90));
            assert_eq!((told.position, &*told.payload), (90, &*expected));
        }
        let rest: Vec<_> = (after.max(90) + 1..=100).collect();
        assert_eq!(positions(subscription, rest.len()).await, rest);
    }
    world.append(1);
    for (_, subscription) in &mut all {
        assert_eq!(positions(subscription, 1).await, [101]);
    }
}

#[tokio::test]
async fn what_only_the_shared_execution_missed_is_read_by_who_still_can() {
    let world = World::default();
    world.0.retention.send_replace(10);
    world.append(100);
    let runs = world.runs(64);
    let mut one = subscribe(&runs, ada(), Some(80)).await;
    world.0.retention.send_replace(u64::MAX);
    assert_eq!(
        positions(&mut one, 20).await,
        (81..=100).collect::<Vec<_>>()
    );
}

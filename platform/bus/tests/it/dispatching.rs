//! Relay and dispatch.

use std::time::Duration;

use sluice_bus::{Backlog, Dispatcher, Relay};
use sluice_schema::{NewEvent, RepositoryId, TypedId, events::RepositoryArchived};
use sluice_testkit::{User, eventually};
use tokio_util::sync::CancellationToken;

use crate::support::{FAST, Kind, Scripted, Then, event, fresh, on_every_bus};

const LEASE: Duration = Duration::from_secs(60);

on_every_bus!(
    a_failing_reaction_is_tried_again_until_it_succeeds,
    a_hopeless_failure_is_a_dead_letter_at_once,
    after_the_last_attempt_the_event_is_a_dead_letter,
    a_panic_is_a_failure_like_any_other,
    the_outbox_is_empty_when_the_bus_needs_it_no_more,
);

async fn dispatch(kind: Kind, script: Vec<Then>, until: Backlog) -> Vec<sluice_schema::EventId> {
    let (_place, bus) = fresh(kind).await;
    let reaction = Scripted::new(script);
    bus.publish(&[event("Happened", "acme", "a")])
        .await
        .unwrap();
    let stop = CancellationToken::new();
    let dispatcher = Dispatcher::new(bus.clone(), reaction.clone(), FAST);
    let running = tokio::spawn(dispatcher.run(stop.clone()));
    eventually("the dispatcher is done", || async {
        (bus.backlog().await.unwrap() == until && !reaction.seen().is_empty()).then_some(())
    })
    .await;
    stop.cancel();
    running.await.unwrap();
    reaction.seen()
}

// The other consumer's delivery stays: nobody dispatches it here.
const HANDLED: Backlog = Backlog {
    waiting: 1,
    dead: 0,
};
const DEAD: Backlog = Backlog {
    waiting: 1,
    dead: 1,
};

async fn a_failing_reaction_is_tried_again_until_it_succeeds(kind: Kind) {
    let script = vec![Then::FailForNow, Then::FailForNow, Then::Succeed];
    assert_eq!(dispatch(kind, script, HANDLED).await.len(), 3);
}

async fn a_hopeless_failure_is_a_dead_letter_at_once(kind: Kind) {
    assert_eq!(dispatch(kind, vec![Then::FailForGood], DEAD).await.len(), 1);
}

async fn after_the_last_attempt_the_event_is_a_dead_letter(kind: Kind) {
    let script = vec![Then::FailForNow, Then::FailForNow, Then::FailForNow];
    assert_eq!(dispatch(kind, script, DEAD).await.len(), 3);
}

async fn a_panic_is_a_failure_like_any_other(kind: Kind) {
    assert_eq!(
        dispatch(kind, vec![Then::Panic, Then::Succeed], HANDLED)
            .await
            .len(),
        2
    );
}

async fn the_outbox_is_empty_when_the_bus_needs_it_no_more(kind: Kind) {
    let (place, bus) = fresh(kind).await;
    let store = place.databases.open("repository").await;
    let stop = CancellationToken::new();
    let relay = tokio::spawn(Relay::new(store.clone(), bus.clone()).run(stop.clone()));
    let ctx = User::of("acme", "ada").ctx();
    let payload = RepositoryArchived {
        repository_id: RepositoryId::generate(),
        name: "x".to_owned(),
    };
    let tx = store.begin(&ctx).await.unwrap();
    let mut happened = NewEvent::of(&"web".parse().unwrap(), None, &payload).unwrap();
    happened.event_type = "Happened";
    tx.commit([happened]).await.unwrap();
    eventually("the event is on the bus", || async {
        (bus.backlog().await.unwrap().waiting == 2).then_some(())
    })
    .await;
    if kind == Kind::Redis {
        // It could be lost: one consumer after the other has to handle it.
        assert_eq!(store.outbox().backlog().await.unwrap(), 1);
        for consumer in ["branch", "commit"] {
            let claimed = bus.claim(consumer, 1, LEASE).await.unwrap();
            assert_eq!(store.outbox().backlog().await.unwrap(), 1, "{consumer}");
            bus.complete_all(&claimed).await.unwrap();
        }
    }
    eventually("the outbox is empty", || async {
        (store.outbox().backlog().await.unwrap() == 0).then_some(())
    })
    .await;
    stop.cancel();
    relay.await.unwrap();
}

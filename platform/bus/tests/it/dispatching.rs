//! Relay and dispatch.

use std::sync::Arc;

use sluice_bus::{Backlog, Dispatcher, Relay, Transport};
use sluice_schema::{NewEvent, RepositoryId, TypedId, events::RepositoryArchived};
use sluice_testkit::{Backend, User, eventually, on_both_databases};
use tokio_util::sync::CancellationToken;

use crate::support::{FAST, Scripted, Then, event, fresh};

on_both_databases!(
    a_failing_reaction_is_tried_again_until_it_succeeds,
    a_hopeless_failure_is_a_dead_letter_at_once,
    after_the_last_attempt_the_event_is_a_dead_letter,
    a_panic_is_a_failure_like_any_other,
    the_relay_empties_the_outbox_onto_the_bus,
);

async fn dispatch(
    backend: Backend,
    script: Vec<Then>,
    until: Backlog,
) -> Vec<sluice_schema::EventId> {
    let (_databases, bus) = fresh(backend).await;
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

async fn a_failing_reaction_is_tried_again_until_it_succeeds(backend: Backend) {
    let script = vec![Then::FailForNow, Then::FailForNow, Then::Succeed];
    assert_eq!(dispatch(backend, script, HANDLED).await.len(), 3);
}

async fn a_hopeless_failure_is_a_dead_letter_at_once(backend: Backend) {
    assert_eq!(
        dispatch(backend, vec![Then::FailForGood], DEAD).await.len(),
        1
    );
}

async fn after_the_last_attempt_the_event_is_a_dead_letter(backend: Backend) {
    let script = vec![Then::FailForNow, Then::FailForNow, Then::FailForNow];
    assert_eq!(dispatch(backend, script, DEAD).await.len(), 3);
}

async fn a_panic_is_a_failure_like_any_other(backend: Backend) {
    assert_eq!(
        dispatch(backend, vec![Then::Panic, Then::Succeed], HANDLED)
            .await
            .len(),
        2
    );
}

async fn the_relay_empties_the_outbox_onto_the_bus(backend: Backend) {
    let (databases, bus) = fresh(backend).await;
    let store = databases.open("repository").await;
    let stop = CancellationToken::new();
    let transport: Arc<dyn Transport> = bus.clone();
    let relay = tokio::spawn(Relay::new(store.clone(), transport).run(stop.clone()));
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
        let waiting = bus.backlog().await.unwrap().waiting;
        (waiting == 2 && store.outbox().backlog().await.unwrap() == 0).then_some(())
    })
    .await;
    stop.cancel();
    relay.await.unwrap();
}

//! From the bus to the ledger.

use std::{sync::Arc, time::Duration};

use sea_orm::ConnectionTrait;
use sluice_bus::{Backlog, Backoff, EmbeddedTransport, Transport};
use sluice_kernel::{Direction, PageRequest};
use sluice_ledger::{Consumer, EventFilter};
use sluice_schema::{Envelope, EventId};
use sluice_testkit::{Backend, eventually, on_both_databases};
use tokio_util::sync::CancellationToken;

use crate::{stream::mixed, world::World};

on_both_databases!(
    events_reach_the_ledger_in_the_order_of_the_bus,
    an_event_that_cannot_be_appended_holds_the_others_up_only_for_a_while,
    several_consumers_append_everything_once_and_in_order,
    while_the_database_takes_nothing_events_wait,
);

async fn bus(world: &World) -> Arc<EmbeddedTransport> {
    let store = world.databases.open("bus").await;
    Arc::new(EmbeddedTransport::new(store, vec![Consumer::ROUTE]))
}

fn consumer(world: &World, bus: &Arc<EmbeddedTransport>) -> Consumer {
    let backoff = Backoff {
        base: Duration::from_millis(1),
        cap: Duration::from_millis(5),
        attempts: 3,
    };
    Consumer::new(bus.clone(), world.ledger.clone()).with_backoff(backoff)
}

async fn ledger(world: &World) -> Vec<EventId> {
    let mut ids = Vec::new();
    let mut page = PageRequest::first(200);
    loop {
        let (ctx, all) = (world.ctx(), EventFilter::default());
        let found = world.ledger.events(&ctx, &all, Direction::Ascending, &page);
        let found = found.await.unwrap();
        ids.extend(found.items.iter().map(|event| event.envelope.event_id));
        page.after = found.cursors.last().cloned();
        if !found.has_next {
            return ids;
        }
    }
}

fn ids(events: &[Envelope]) -> Vec<EventId> {
    events.iter().map(|event| event.event_id).collect()
}

async fn is_empty(bus: &EmbeddedTransport) -> Option<()> {
    (bus.backlog().await.unwrap().waiting == 0).then_some(())
}

async fn events_reach_the_ledger_in_the_order_of_the_bus(backend: Backend) {
    let world = World::fresh(backend).await;
    let bus = bus(&world).await;
    let events = mixed(&world, 1, 700);
    bus.publish(&events[..600]).await.unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(consumer(&world, &bus).run(stop.clone()));
    let mut appended = world.ledger.appended();
    eventually("the bus is empty", || is_empty(&bus)).await;
    appended.mark_unchanged();
    bus.publish(&events[600..]).await.unwrap();
    appended.changed().await.unwrap();
    eventually("the bus is empty", || is_empty(&bus)).await;
    stop.cancel();
    running.await.unwrap();
    assert_eq!(ledger(&world).await, ids(&events));
}

// A trigger of the database stands in for an event that no ledger takes.
async fn refuse(world: &World, event: &Envelope) {
    let id = event.event_id;
    if world.store.is_shared() {
        let function = "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN \
                        RAISE EXCEPTION 'refused'; END $$ LANGUAGE plpgsql";
        world.sql(function).await;
        let sql = format!(
            "CREATE TRIGGER refusing BEFORE INSERT ON ledger_event FOR EACH ROW \
             WHEN (NEW.event_id = '{id}') EXECUTE FUNCTION refuse()"
        );
        world.sql(&sql).await;
    } else {
        let sql = format!(
            "CREATE TRIGGER refusing BEFORE INSERT ON ledger_event \
             WHEN NEW.event_id = '{id}' BEGIN SELECT RAISE(ABORT, 'refused'); END"
        );
        world.sql(&sql).await;
    }
}

async fn an_event_that_cannot_be_appended_holds_the_others_up_only_for_a_while(backend: Backend) {
    let world = World::fresh(backend).await;
    let bus = bus(&world).await;
    let events = mixed(&world, 2, 30);
    refuse(&world, &events[10]).await;
    bus.publish(&events).await.unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(consumer(&world, &bus).run(stop.clone()));
    eventually("the bus is empty", || is_empty(&bus)).await;
    let mut without = ids(&events);
    let refused = without.remove(10);
    assert_eq!(ledger(&world).await, without);
    let tenant = "acme".parse().unwrap();
    let page = PageRequest::first(10);
    let letters = bus.dead_letters(&tenant, &page, None).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(
        (letters[0].envelope.event_id, letters[0].attempts),
        (refused, 3)
    );
    assert!(letters[0].error.contains("refused"), "{}", letters[0].error);
    let table = "DROP TRIGGER refusing";
    let on = if world.store.is_shared() {
        " ON ledger_event"
    } else {
        ""
    };
    world.sql(&format!("{table}{on}")).await;
    bus.redrive(&tenant, &[(refused, "ledger".to_owned())])
        .await
        .unwrap();
    eventually("the bus is empty", || is_empty(&bus)).await;
    stop.cancel();
    running.await.unwrap();
    assert_eq!(bus.backlog().await.unwrap(), Backlog::default());
    without.push(refused);
    assert_eq!(ledger(&world).await, without);
}

async fn several_consumers_append_everything_once_and_in_order(backend: Backend) {
    let world = World::fresh(backend).await;
    let (one, other) = (bus(&world).await, bus(&world).await);
    let events = mixed(&world, 3, 1_500);
    let stop = CancellationToken::new();
    let mut running = tokio::task::JoinSet::new();
    for bus in [&one, &other] {
        running.spawn(consumer(&world, bus).run(stop.clone()));
    }
    for batch in events.chunks(50) {
        one.publish(batch).await.unwrap();
    }
    eventually("the bus is empty", || is_empty(&one)).await;
    stop.cancel();
    running.join_all().await;
    assert_eq!(ledger(&world).await, ids(&events));
}

async fn while_the_database_takes_nothing_events_wait(backend: Backend) {
    let world = World::fresh(backend).await;
    let bus = bus(&world).await;
    let events = mixed(&world, 4, 10);
    bus.publish(&events).await.unwrap();
    let (block, unblock): (&[&str], &str) = if world.store.is_shared() {
        let busy = "CREATE FUNCTION busy() RETURNS trigger AS $$ BEGIN \
                    RAISE EXCEPTION 'busy' USING ERRCODE = '55P03'; END $$ LANGUAGE plpgsql";
        let trigger = "CREATE TRIGGER busy BEFORE INSERT ON ledger_event \
                       FOR EACH ROW EXECUTE FUNCTION busy()";
        (&[busy, trigger], "DROP TRIGGER busy ON ledger_event")
    } else {
        (&["PRAGMA query_only = ON"], "PRAGMA query_only = OFF")
    };
    for sql in block {
        world.sql(sql).await;
    }
    let consumer = consumer(&world, &bus);
    // More often than an event that is itself at fault is tried.
    for _ in 0..5 {
        assert_eq!(consumer.step().await.unwrap(), 0);
    }
    assert!(ledger(&world).await.is_empty());
    let backlog = bus.backlog().await.unwrap();
    assert_eq!((backlog.waiting, backlog.dead), (10, 0));
    // No transaction begins on what is read-only.
    let connection = world.store.migration_connection();
    connection.execute_unprepared(unblock).await.unwrap();
    assert_eq!(consumer.step().await.unwrap(), 10);
    assert_eq!(ledger(&world).await, ids(&events));
}

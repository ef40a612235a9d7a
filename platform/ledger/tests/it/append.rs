//! Appending.

use std::{collections::HashSet, sync::Arc};

use rand::seq::SliceRandom;
use sluice_kernel::SystemClock;
use sluice_ledger::Ledger;
use sluice_schema::{Envelope, RepositoryId, TypedId, events::RepositoryArchived};
use sluice_store::Store;
use sluice_testkit::{Backend, User, on_both_databases};

use crate::world::{Draft, World};

on_both_databases!(
    sequences_begin_at_one_and_have_no_hole,
    the_same_event_is_appended_once,
    each_tenant_has_a_sequence_of_its_own,
    what_is_appended_is_what_happened,
    a_large_batch_is_appended_whole,
    writers_at_once_leave_neither_hole_nor_duplicate,
    a_reader_never_sees_a_sequence_without_those_before_it,
);

fn archived(world: &World) -> Draft {
    let repository_id = RepositoryId::generate();
    let name = "greeter".to_owned();
    world.event(&RepositoryArchived {
        repository_id,
        name,
    })
}

fn drafts(world: &World, count: usize) -> Vec<Envelope> {
    (0..count).map(|_| archived(world).0).collect()
}

async fn sequences(world: &World) -> Vec<i64> {
    let tx = world.store.begin_raw().await.unwrap();
    let sql = "SELECT sequence FROM ledger_event WHERE tenant_id = 'acme' ORDER BY sequence";
    let rows = tx.query(sql, []).await.unwrap();
    let sequences = rows.iter().map(|row| row.try_get_by_index(0).unwrap());
    sequences.collect()
}

async fn sequences_begin_at_one_and_have_no_hole(backend: Backend) {
    let world = World::fresh(backend).await;
    assert_eq!(world.ledger.head(&world.ctx()).await.unwrap().sequence, 0);
    let first = world.append_all([archived(&world), archived(&world)]).await;
    let second = archived(&world).append(&world).await;
    assert_eq!((first[0].sequence, first[1].sequence), (1, 2));
    assert_eq!(second.sequence, 3);
    let head = world.ledger.head(&world.ctx()).await.unwrap();
    assert_eq!((head.sequence, head.hash), (3, second.hash));
}

async fn the_same_event_is_appended_once(backend: Backend) {
    let world = World::fresh(backend).await;
    let (one, two) = (archived(&world), archived(&world));
    let first = world
        .append_all([one.clone(), two.clone(), one.clone()])
        .await;
    assert_eq!(first.len(), 2);
    let mut told = world.ledger.appended();
    assert!(world.append_all([two, one.clone()]).await.is_empty());
    assert!(!told.has_changed().unwrap(), "nothing new");
    let third = archived(&world);
    let new = world.append_all([one, third.clone()]).await;
    assert_eq!(new.len(), 1);
    assert_eq!(
        (new[0].sequence, new[0].envelope.event_id),
        (3, third.0.event_id)
    );
    told.changed().await.unwrap();
    assert_eq!(sequences(&world).await, [1, 2, 3]);
}

async fn each_tenant_has_a_sequence_of_its_own(backend: Backend) {
    let world = World::fresh(backend).await;
    let mine = archived(&world);
    let mut other = mine.clone().tenant("globex");
    other.0.event_id = archived(&world).0.event_id;
    let appended = world
        .append_all([mine.clone(), other, archived(&world)])
        .await;
    let places: Vec<_> = appended
        .iter()
        .map(|event| (event.envelope.tenant_id.as_str(), event.sequence))
        .collect();
    assert_eq!(places, [("acme", 1), ("acme", 2), ("globex", 1)]);
    let globex = User::of("globex", "gus").ctx();
    assert_eq!(world.ledger.head(&globex).await.unwrap().sequence, 1);
    let initech = User::of("initech", "ina").ctx();
    assert_eq!(world.ledger.head(&initech).await.unwrap().sequence, 0);
}

async fn what_is_appended_is_what_happened(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut draft = archived(&world).module("greeter").correlation("c-1");
    draft.0.payload["name"] = "naïve \"✓\" \u{0}\u{1} \\u0000 \u{10ffff}'".into();
    draft.0.causation_id = Some(archived(&world).0.event_id);
    let appended = draft.clone().append(&world).await;
    assert_eq!(appended.envelope.sequence, Some(1));
    let unplaced = Envelope {
        sequence: None,
        ..appended.envelope
    };
    assert_eq!(unplaced, draft.0);
    // No database keeps a NUL in a column; it is replaced before it is hashed.
    let appended = archived(&world).actor("a\0b").append(&world).await;
    assert_eq!(appended.envelope.actor.id, "a\u{fffd}b");
}

async fn a_large_batch_is_appended_whole(backend: Backend) {
    let world = World::fresh(backend).await;
    let events = drafts(&world, 12_000);
    let appended = world.ledger.append(&events).await.unwrap();
    assert_eq!(appended.len(), events.len());
    let pairs = appended.iter().zip(&events);
    assert!(pairs.fold(true, |all, (a, e)| all && a.envelope.event_id == e.event_id));
    let sql = "SELECT count(*) FROM ledger_event";
    assert_eq!(world.number(sql).await, 12_000);
}

// Each writer is a pool of its own, as another process would have.
async fn writers(world: &World, count: usize) -> Vec<Ledger> {
    let mut writers = Vec::new();
    // A SQLite file belongs to one process.
    if world.store.is_shared() {
        for _ in 0..count {
            let clock = Arc::new(SystemClock);
            let store = Store::open(world.databases.config(), "ledger", clock).await;
            writers.push(Ledger::new(store.unwrap()));
        }
        return writers;
    }
    vec![world.ledger.clone(); count]
}

// Every event goes to two writers, in an order of each writer's own, in batches of many sizes.
async fn write_at_once(world: &World, events: &[Envelope]) -> usize {
    let mut tasks = tokio::task::JoinSet::new();
    for (number, ledger) in writers(world, 6).await.into_iter().enumerate() {
        let mine = events.iter().enumerate();
        let mine = mine.filter(|(place, _)| place % 3 == number % 3);
        let mut mine: Vec<_> = mine.map(|(_, event)| event.clone()).collect();
        tasks.spawn(async move {
            mine.shuffle(&mut rand::rng());
            let mut new = 0;
            for batch in mine.chunks(number + 1) {
                new += ledger.append(batch).await.unwrap().len();
            }
            new
        });
    }
    tasks.join_all().await.into_iter().sum()
}

async fn writers_at_once_leave_neither_hole_nor_duplicate(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut events = drafts(&world, 200);
    for event in events.iter_mut().step_by(4) {
        event.tenant_id = "globex".parse().unwrap();
    }
    assert_eq!(write_at_once(&world, &events).await, 200);
    assert_eq!(sequences(&world).await, (1..=150).collect::<Vec<_>>());
    let whole = world.ledger.verify(&world.ctx(), None, None).await.unwrap();
    assert_eq!((whole.checked, whole.violation), (150, None));
    for (tenant, count) in [("acme", 150), ("globex", 50)] {
        let of = format!("FROM ledger_event WHERE tenant_id = '{tenant}'");
        let distinct = format!("SELECT count(DISTINCT event_id) {of}");
        assert_eq!(world.number(&distinct).await, count);
        assert_eq!(
            world.number(&format!("SELECT max(sequence) {of}")).await,
            count
        );
    }
}

async fn a_reader_never_sees_a_sequence_without_those_before_it(backend: Backend) {
    let world = World::fresh(backend).await;
    let events = drafts(&world, 150);
    let (store, ctx) = (world.store.clone(), world.ctx());
    let reader = tokio::spawn(async move {
        let (mut before, mut looks) = (HashSet::new(), 0_u32);
        while before.len() < 150 {
            let read = store.read_raw(&ctx).await.unwrap();
            let sql = "SELECT sequence, event_id FROM ledger_event WHERE tenant_id = 'acme'";
            let rows = read.query(sql, []).await.unwrap();
            let row = |row: &sea_orm::QueryResult| -> (i64, String) {
                (
                    row.try_get_by_index(0).unwrap(),
                    row.try_get_by_index(1).unwrap(),
                )
            };
            let now: HashSet<(i64, String)> = rows.iter().map(row).collect();
            let last = now.iter().map(|(sequence, _)| *sequence).max();
            assert_eq!(
                last.unwrap_or(0),
                i64::try_from(now.len()).unwrap(),
                "a hole"
            );
            assert!(now.is_superset(&before), "what was there has moved");
            (before, looks) = (now, looks + 1);
        }
        looks
    });
    write_at_once(&world, &events).await;
    assert!(reader.await.unwrap() > 1);
}

//! Replay joined to what happens.

use std::sync::Arc;

use rand::{Rng, SeedableRng, rngs::StdRng};
use sluice_kernel::SystemClock;
use sluice_ledger::{FeedItem, FeedRequest, Gap, GapReason, HubOptions, Ledger, LedgerError};
use sluice_schema::Scope;
use sluice_store::Store;
use sluice_testkit::{Backend, on_both_databases};

use super::{Channel, Fault, NEVER, after, consecutive, event, hub, next, rest, run, up_to};
use crate::{stream::mixed, world::World};

on_both_databases!(
    replay_joins_what_happens_without_hole_or_repeat_while_many_write,
    what_a_feed_hands_out_is_what_the_ledger_holds,
    without_a_place_a_feed_begins_at_the_end_of_the_ledger,
    a_place_beyond_the_end_is_waited_for,
    what_is_older_than_the_retention_is_a_gap_first,
    a_feed_ends_at_its_until,
    a_feed_that_nobody_reads_gets_everything_later_and_holds_up_nobody,
    feeds_need_the_right_to_read,
);

const WRITERS: usize = 8;
const ROUNDS: usize = 12;

// Each writer is a pool of its own, as another process would have; a SQLite file is of one.
async fn writers(world: &World, live: &Arc<Channel>) -> Vec<Ledger> {
    let mut writers = Vec::new();
    for _ in 0..WRITERS {
        let store = if world.store.is_shared() {
            let clock = Arc::new(SystemClock);
            Store::open(world.databases.config(), "ledger", clock)
                .await
                .unwrap()
        } else {
            world.store.clone()
        };
        let ledger = Ledger::new(store);
        ledger.tells(live.clone());
        writers.push(ledger);
    }
    writers
}

async fn replay_joins_what_happens_without_hole_or_repeat_while_many_write(backend: Backend) {
    let world = World::fresh(backend).await;
    let (hub, live) = hub(&world, Fault::None, 16, NEVER);
    let mut random = StdRng::seed_from_u64(7);
    let mut batches: Vec<Vec<_>> = Vec::new();
    for seed in 0..(WRITERS * ROUNDS) as u64 {
        batches.push(mixed(&world, seed, random.random_range(1..6)));
    }
    let last = batches.iter().map(|batch| batch.len() as u64).sum();
    let mut writing = Vec::new();
    for (ledger, mine) in writers(&world, &live)
        .await
        .into_iter()
        .zip(batches.chunks(ROUNDS))
    {
        let mine = mine.to_vec();
        writing.push(tokio::spawn(async move {
            for batch in mine {
                ledger.append(&batch).await.unwrap();
            }
        }));
    }
    let mut reading = Vec::new();
    for _ in 0..16 {
        // Each begins when some more has been written, somewhere before the end of that.
        let head = world.ledger.head(&world.ctx()).await.unwrap().sequence;
        let begin = random.random_range(0..=head);
        let mut feed = hub.feed(&world.ctx(), after(begin)).await;
        reading.push(tokio::spawn(async move {
            let seen = up_to(&mut feed, last).await;
            assert_eq!(seen, consecutive(begin, last));
        }));
    }
    for task in writing.into_iter().chain(reading) {
        task.await.unwrap();
    }
}

async fn what_a_feed_hands_out_is_what_the_ledger_holds(backend: Backend) {
    let world = World::fresh(backend).await;
    let (hub, _) = hub(&world, Fault::None, 1_000, NEVER);
    let mut before = hub.feed(&world.ctx(), after(0)).await;
    let appended = world.ledger.append(&mixed(&world, 3, 60)).await.unwrap();
    let mut later = hub.feed(&world.ctx(), after(0)).await;
    for held in appended {
        for feed in [&mut before, &mut later] {
            match next(feed).await {
                Some(FeedItem::Event(event)) => assert_eq!(*event, held),
                other => panic!("{other:?}"),
            }
        }
    }
}

async fn without_a_place_a_feed_begins_at_the_end_of_the_ledger(backend: Backend) {
    let world = World::fresh(backend).await;
    let (hub, _) = hub(&world, Fault::Silent, 16, NEVER);
    world.ledger.append(&mixed(&world, 1, 5)).await.unwrap();
    // Keeps the tenant followed, with what nobody told.
    let mut first = hub.feed(&world.ctx(), FeedRequest::default()).await;
    world.ledger.append(&mixed(&world, 2, 5)).await.unwrap();
    let mut second = hub.feed(&world.ctx(), FeedRequest::default()).await;
    world.ledger.append(&mixed(&world, 3, 5)).await.unwrap();
    // A third one looks at the end for all of them.
    let _third = hub.feed(&world.ctx(), FeedRequest::default()).await;
    assert_eq!(up_to(&mut first, 15).await, consecutive(5, 15));
    assert_eq!(up_to(&mut second, 15).await, consecutive(10, 15));
}

async fn a_place_beyond_the_end_is_waited_for(backend: Backend) {
    let world = World::fresh(backend).await;
    let (hub, _) = hub(&world, Fault::None, 16, NEVER);
    let mut feed = hub.feed(&world.ctx(), after(7)).await;
    for seed in 0..4 {
        world.ledger.append(&mixed(&world, seed, 5)).await.unwrap();
    }
    assert_eq!(up_to(&mut feed, 20).await, consecutive(7, 20));
    let refused = hub.hub.feed(&world.ctx(), after(1_000_021)).await;
    assert!(matches!(refused.err(), Some(LedgerError::Invalid { field, .. }) if field == "after"));
}

async fn what_is_older_than_the_retention_is_a_gap_first(backend: Backend) {
    let world = World::fresh(backend).await;
    let live = Arc::new(Channel::with(Fault::None));
    world.ledger.tells(live.clone());
    let options = HubOptions {
        retention: 10,
        check: NEVER,
        ..HubOptions::default()
    };
    let hub = run(&world.ledger, live, options);
    world.ledger.append(&mixed(&world, 1, 30)).await.unwrap();
    let mut feed = hub.feed(&world.ctx(), after(5)).await;
    let gap = FeedItem::Gap(Gap {
        from: 6,
        to: 20,
        reason: GapReason::Retention,
    });
    assert_eq!(gap.position(), 20);
    assert_eq!(next(&mut feed).await, Some(gap));
    world.ledger.append(&mixed(&world, 2, 5)).await.unwrap();
    assert_eq!(up_to(&mut feed, 35).await, consecutive(20, 35));
    // Who reads slowly loses nothing: only where a feed begins is bounded.
    let mut slow = hub.feed(&world.ctx(), after(30)).await;
    world.ledger.append(&mixed(&world, 3, 50)).await.unwrap();
    assert_eq!(up_to(&mut slow, 85).await, consecutive(30, 85));
}

async fn a_feed_ends_at_its_until(backend: Backend) {
    let world = World::fresh(backend).await;
    let (hub, _) = hub(&world, Fault::None, 4, NEVER);
    world.ledger.append(&mixed(&world, 1, 10)).await.unwrap();
    let until = |begin: u64, end: u64| FeedRequest {
        until: Some(end),
        ..after(begin)
    };
    let ctx = world.ctx();
    let mut waiting = hub.feed(&ctx, until(8, 12)).await;
    // Nothing of it is wanted, and it ends all the same.
    let mut other = until(0, 12);
    other.filter.types = vec!["NeverHappened".to_owned()];
    let mut unwanted = hub.feed(&ctx, other).await;
    for (begin, end) in [(3, 7), (7, 7), (9, 3), (0, 10), (8, 10)] {
        let items = rest(&mut hub.feed(&ctx, until(begin, end)).await).await;
        let places: Vec<u64> = items.iter().map(FeedItem::position).collect();
        assert_eq!(places, consecutive(begin, end), "{begin} {end}");
    }
    assert_eq!(event(&mut waiting).await, 9);
    world.ledger.append(&mixed(&world, 2, 5)).await.unwrap();
    let places: Vec<u64> = rest(&mut waiting)
        .await
        .iter()
        .map(FeedItem::position)
        .collect();
    assert_eq!(places, [10, 11, 12]);
    assert_eq!(rest(&mut unwanted).await, []);
}

async fn a_feed_that_nobody_reads_gets_everything_later_and_holds_up_nobody(backend: Backend) {
    let world = World::fresh(backend).await;
    let (hub, _) = hub(&world, Fault::None, 8, NEVER);
    let mut slow = hub.feed(&world.ctx(), after(0)).await;
    let mut fast = hub.feed(&world.ctx(), after(0)).await;
    world.ledger.append(&mixed(&world, 1, 3)).await.unwrap();
    assert_eq!(event(&mut slow).await, 1);
    for round in 0..10 {
        world
            .ledger
            .append(&mixed(&world, round, 50))
            .await
            .unwrap();
        let last = 3 + 50 * (round + 1);
        let from = if round == 0 { 0 } else { last - 50 };
        assert_eq!(up_to(&mut fast, last).await, consecutive(from, last));
    }
    assert_eq!(up_to(&mut slow, 503).await, consecutive(1, 503));
}

async fn feeds_need_the_right_to_read(backend: Backend) {
    let world = World::fresh(backend).await;
    let (hub, _) = hub(&world, Fault::None, 8, NEVER);
    let unable = world.user.clone().with_scopes(&[Scope::CommitsWrite]).ctx();
    let refused = hub.hub.feed(&unable, FeedRequest::default()).await;
    assert!(matches!(refused.err(), Some(LedgerError::Denied(_))));
}

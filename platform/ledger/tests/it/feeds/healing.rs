//! Channels and databases that fail.

use std::sync::Arc;

use futures::{FutureExt, StreamExt};
use sluice_bus::{LiveChannel, LiveSignal};
use sluice_ledger::HubOptions;
use sluice_testkit::{Backend, on_both_databases};

use super::{Channel, Fault, NEVER, SOON, after, consecutive, hub, run, up_to};
use crate::{stream::mixed, world::World};

on_both_databases!(
    lost_messages_are_read_from_the_ledger,
    messages_that_come_twice_and_in_any_order_are_handed_out_once_in_order,
    after_a_resync_the_ledger_is_looked_at,
    a_hub_that_falls_behind_the_channel_loses_nothing,
    a_hole_larger_than_the_memory_is_read_by_those_who_follow,
    a_second_process_that_hears_nothing_follows_all_the_same,
    what_others_say_on_the_channel_gets_nobody_anything,
    a_channel_that_hangs_holds_up_no_writer,
    while_the_ledger_cannot_be_read_feeds_wait,
);

async fn lost_messages_are_read_from_the_ledger(backend: Backend) {
    let world = World::fresh(backend).await;
    let (hub, _) = hub(&world, Fault::Loses, 16, SOON);
    let mut feed = hub.feed(&world.ctx(), after(0)).await;
    for round in 1..=20 {
        world.ledger.append(&mixed(&world, round, 7)).await.unwrap();
        let last = 7 * round;
        assert_eq!(up_to(&mut feed, last).await, consecutive(last - 7, last));
    }
}

async fn messages_that_come_twice_and_in_any_order_are_handed_out_once_in_order(backend: Backend) {
    let world = World::fresh(backend).await;
    let (hub, _) = hub(&world, Fault::Jumbles, 16, NEVER);
    let mut feed = hub.feed(&world.ctx(), after(0)).await;
    for round in 0..20 {
        world
            .ledger
            .append(&mixed(&world, round, 30))
            .await
            .unwrap();
    }
    assert_eq!(up_to(&mut feed, 600).await, consecutive(0, 600));
}

async fn after_a_resync_the_ledger_is_looked_at(backend: Backend) {
    let world = World::fresh(backend).await;
    let (hub, channel) = hub(&world, Fault::Silent, 16, NEVER);
    let mut feed = hub.feed(&world.ctx(), after(0)).await;
    for round in 1..=5 {
        world
            .ledger
            .append(&mixed(&world, round, 10))
            .await
            .unwrap();
        channel.resync();
        let last = 10 * round;
        assert_eq!(up_to(&mut feed, last).await, consecutive(last - 10, last));
    }
}

async fn a_hub_that_falls_behind_the_channel_loses_nothing(backend: Backend) {
    let world = World::fresh(backend).await;
    let channel = Arc::new(Channel::holding(Fault::None, 1));
    world.ledger.tells(channel.clone());
    let options = HubOptions {
        check: NEVER,
        ..HubOptions::default()
    };
    let hub = run(&world.ledger, channel, options);
    let mut feed = hub.feed(&world.ctx(), after(0)).await;
    for round in 0..10 {
        world
            .ledger
            .append(&mixed(&world, round, 200))
            .await
            .unwrap();
    }
    assert_eq!(up_to(&mut feed, 2_000).await, consecutive(0, 2_000));
}

async fn a_hole_larger_than_the_memory_is_read_by_those_who_follow(backend: Backend) {
    let world = World::fresh(backend).await;
    let (hub, channel) = hub(&world, Fault::Silent, 16, NEVER);
    let mut feed = hub.feed(&world.ctx(), after(0)).await;
    world.ledger.append(&mixed(&world, 1, 900)).await.unwrap();
    channel.resync();
    assert_eq!(up_to(&mut feed, 900).await, consecutive(0, 900));
    world.ledger.append(&mixed(&world, 2, 10)).await.unwrap();
    channel.resync();
    assert_eq!(up_to(&mut feed, 910).await, consecutive(900, 910));
}

async fn a_second_process_that_hears_nothing_follows_all_the_same(backend: Backend) {
    let world = World::fresh(backend).await;
    let (first, _) = hub(&world, Fault::None, 16, NEVER);
    let options = HubOptions {
        recent: 16,
        check: SOON,
        ..HubOptions::default()
    };
    let deaf = Arc::new(Channel::with(Fault::Silent));
    let second = run(&world.ledger, deaf, options);
    let mut there = second.feed(&world.ctx(), after(0)).await;
    let mut here = first.feed(&world.ctx(), after(0)).await;
    for round in 1..=10 {
        world.ledger.append(&mixed(&world, round, 9)).await.unwrap();
        let last = 9 * round;
        for feed in [&mut here, &mut there] {
            assert_eq!(up_to(feed, last).await, consecutive(last - 9, last));
        }
    }
}

async fn what_others_say_on_the_channel_gets_nobody_anything(backend: Backend) {
    let world = World::fresh(backend).await;
    let (hub, channel) = hub(&world, Fault::None, 16, NEVER);
    let mut feed = hub.feed(&world.ctx(), after(0)).await;
    // The ledger of another installation, whose events look the same.
    let other = World::fresh(Backend::Sqlite).await;
    let foreign = Arc::new(Channel::with(Fault::None));
    let mut heard = foreign.listen();
    other.ledger.tells(foreign.clone());
    other.ledger.append(&mixed(&other, 1, 3)).await.unwrap();
    let mut bodies = Vec::new();
    for _ in 0..3 {
        match heard.recv().await.unwrap() {
            LiveSignal::Message(message) => bodies.push(message.body),
            signal => panic!("{signal:?}"),
        }
    }
    for round in 0..5 {
        let last = 4 * round;
        for (ahead, body) in (1..).zip(&bodies) {
            // The first of all events follows nothing: only a ledger that has begun tells it apart.
            let first = round == 0 && ahead == 1;
            if !first {
                channel.forge("acme", last + ahead, body);
                channel.forge("globex", last + ahead, body);
            }
        }
        channel.forge("acme", last + 1, b"{\"hash\":1}");
        channel.forge("acme", last + 2, b"\xff\x00");
        channel.forge("acme", u64::MAX, &bodies[0]);
        world.ledger.append(&mixed(&world, round, 4)).await.unwrap();
        assert_eq!(
            up_to(&mut feed, last + 4).await,
            consecutive(last, last + 4)
        );
    }
    let waiting = feed.next().now_or_never();
    assert!(waiting.is_none(), "{waiting:?}");
}

async fn a_channel_that_hangs_holds_up_no_writer(backend: Backend) {
    let world = World::fresh(backend).await;
    let (hub, _) = hub(&world, Fault::Hangs, 16, SOON);
    let mut feed = hub.feed(&world.ctx(), after(0)).await;
    // More than waits for a channel.
    for round in 0..3 {
        world
            .ledger
            .append(&mixed(&world, round, 4_000))
            .await
            .unwrap();
    }
    assert_eq!(up_to(&mut feed, 12_000).await, consecutive(0, 12_000));
}

async fn while_the_ledger_cannot_be_read_feeds_wait(backend: Backend) {
    let world = World::fresh(backend).await;
    let (hub, channel) = hub(&world, Fault::Silent, 16, NEVER);
    world.ledger.append(&mixed(&world, 1, 100)).await.unwrap();
    let mut behind = hub.feed(&world.ctx(), after(0)).await;
    let mut live = hub.feed(&world.ctx(), after(100)).await;
    world.ledger.append(&mixed(&world, 2, 10)).await.unwrap();
    world.sql("ALTER TABLE ledger_event RENAME TO away").await;
    channel.resync();
    let (behind, live, ()) = tokio::join!(up_to(&mut behind, 110), up_to(&mut live, 110), async {
        // Reading has begun, and failed, when others have had their turn.
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        world.sql("ALTER TABLE away RENAME TO ledger_event").await;
    });
    assert_eq!(behind, consecutive(0, 110));
    assert_eq!(live, consecutive(100, 110));
}

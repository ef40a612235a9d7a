//! Filters and rights, in replay and in what happens.

use chrono::TimeDelta;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use sluice_kernel::{Ctx, Direction, PageRequest};
use sluice_ledger::{EventFilter, FeedRequest, LedgerEvent};
use sluice_schema::Envelope;
use sluice_testkit::{Backend, User, on_both_databases};

use super::{Fault, NEVER, after, event, hub, up_to};
use crate::{
    stream::mixed,
    world::{World, start},
};

on_both_databases!(
    a_filter_matches_at_hand_what_it_matches_in_the_ledger,
    only_events_of_the_callers_projects_are_handed_out,
    a_filter_holds_in_replay_and_in_what_happens,
    what_was_passed_over_once_is_not_read_again,
);

const PROJECTS: [&str; 3] = ["web", "api", "ops"];

// Events of three projects, some modules, actors, workflows and hours.
fn varied(world: &World, seed: u64, count: usize) -> Vec<Envelope> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut events = mixed(world, seed, count);
    for event in &mut events {
        let project = PROJECTS.choose(&mut random).unwrap();
        event.project_id = project.parse().unwrap();
        let module = ["greeter", "clock"].choose(&mut random).unwrap();
        event.module_id = random.random_bool(0.5).then(|| module.parse().unwrap());
        event.actor.id = ["ada", "rita", "a'b"]
            .choose(&mut random)
            .unwrap()
            .to_string();
        event.correlation_id = format!("c{}", random.random_range(0..4));
        event.occurred_at = start() + TimeDelta::microseconds(random.random_range(0..20));
    }
    events
}

fn some(random: &mut StdRng, known: &[String]) -> Vec<String> {
    let count = [0, 0, 0, 0, 0, 0, 1, 2, 4].choose(random).copied().unwrap();
    (0..count)
        .map(|_| match random.random_bool(0.9) {
            true => known.choose(random).unwrap().clone(),
            false => "nobody's".to_owned(),
        })
        .collect()
}

fn filter(random: &mut StdRng, events: &[LedgerEvent]) -> EventFilter {
    let all = |text: fn(&Envelope) -> String| -> Vec<String> {
        events.iter().map(|event| text(&event.envelope)).collect()
    };
    let mut time = || {
        let at = start() + TimeDelta::nanoseconds(random.random_range(0..20_000));
        random.random_bool(0.3).then_some(at)
    };
    let (since, until) = (time(), time());
    EventFilter {
        types: some(random, &all(|event| event.event_type.clone())),
        subject_ids: some(random, &all(|event| event.subject.id.clone())),
        subject_kinds: some(random, &all(|event| event.subject.kind.clone())),
        actors: some(random, &all(|event| event.actor.id.clone())),
        correlation_ids: some(random, &all(|event| event.correlation_id.clone())),
        project_ids: some(random, &PROJECTS.map(str::to_owned)),
        module_ids: some(random, &["greeter", "clock", "Greeter"].map(str::to_owned)),
        since,
        until,
    }
}

async fn a_filter_matches_at_hand_what_it_matches_in_the_ledger(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut events = world.ledger.append(&varied(&world, 1, 150)).await.unwrap();
    let mut foreign = varied(&world, 2, 10);
    for event in &mut foreign {
        event.tenant_id = "globex".parse().unwrap();
    }
    events.extend(world.ledger.append(&foreign).await.unwrap());
    let callers = [
        world.ctx(),
        world.ctx_of(&["web"]),
        world.ctx_of(&["api", "ops", "none"]),
        world.ctx_of(&[]),
        User::of("globex", "gus").ctx(),
    ];
    let (mut random, mut matched) = (StdRng::seed_from_u64(3), 0);
    for _ in 0..400 {
        let filter = filter(&mut random, &events);
        let ctx = callers.choose(&mut random).unwrap();
        let at_hand: Vec<&LedgerEvent> = events
            .iter()
            .filter(|event| filter.matches(ctx, &event.envelope))
            .collect();
        let page = PageRequest::first(200);
        let found = world
            .ledger
            .events(ctx, &filter, Direction::Ascending, &page);
        let found = found.await.unwrap().items;
        let found: Vec<&LedgerEvent> = found.iter().map(AsRef::as_ref).collect();
        assert_eq!(at_hand, found, "{filter:?}");
        matched += found.len();
    }
    assert!(matched > 1_000, "{matched}: the filters match too little");
}

fn places(ctx: &Ctx, filter: &EventFilter, events: &[LedgerEvent]) -> Vec<u64> {
    let seen = events
        .iter()
        .filter(|event| filter.matches(ctx, &event.envelope));
    seen.map(|event| event.sequence).collect()
}

async fn only_events_of_the_callers_projects_are_handed_out(backend: Backend) {
    let world = World::fresh(backend).await;
    // Four are remembered: the others come from the ledger.
    let (hub, _) = hub(&world, Fault::None, 4, NEVER);
    let mut events = world.ledger.append(&varied(&world, 1, 100)).await.unwrap();
    let all = EventFilter::default();
    let mine = world.ctx_of(&["web", "none"]);
    let mut feed = hub.feed(&mine, after(0)).await;
    let mut nothing = hub.feed(&world.ctx_of(&[]), after(0)).await;
    let mut foreign = hub.feed(&User::of("globex", "gus").ctx(), after(0)).await;
    let seen = places(&mine, &all, &events);
    assert_eq!(up_to(&mut feed, *seen.last().unwrap()).await, seen);
    for seed in 2..12 {
        let new = world.ledger.append(&varied(&world, seed, 9)).await.unwrap();
        let seen = places(&mine, &all, &new);
        if let Some(last) = seen.last() {
            assert_eq!(up_to(&mut feed, *last).await, seen);
        }
        events.extend(new);
    }
    let mut event_of_theirs = varied(&world, 99, 1);
    event_of_theirs[0].tenant_id = "globex".parse().unwrap();
    world.ledger.append(&event_of_theirs).await.unwrap();
    assert_eq!(event(&mut foreign).await, 1);
    let waiting = futures::FutureExt::now_or_never(futures::StreamExt::next(&mut nothing));
    assert!(waiting.is_none(), "{waiting:?}");
}

async fn a_filter_holds_in_replay_and_in_what_happens(backend: Backend) {
    let world = World::fresh(backend).await;
    let (hub, _) = hub(&world, Fault::None, 32, NEVER);
    let ctx = world.ctx_of(&["web", "api"]);
    let mut events = world.ledger.append(&varied(&world, 1, 200)).await.unwrap();
    let (mut random, mut feeds) = (StdRng::seed_from_u64(9), Vec::new());
    while feeds.len() < 20 {
        let filter = filter(&mut random, &events);
        if places(&ctx, &filter, &events).is_empty() {
            continue;
        }
        let request = FeedRequest {
            filter: filter.clone(),
            ..after(0)
        };
        feeds.push((filter, hub.feed(&ctx, request).await));
    }
    for seed in 2..6 {
        events.extend(
            world
                .ledger
                .append(&varied(&world, seed, 50))
                .await
                .unwrap(),
        );
    }
    for (filter, mut feed) in feeds {
        let seen = places(&ctx, &filter, &events);
        assert_eq!(
            up_to(&mut feed, *seen.last().unwrap()).await,
            seen,
            "{filter:?}"
        );
    }
}

async fn what_was_passed_over_once_is_not_read_again(backend: Backend) {
    let world = World::fresh(backend).await;
    let (hub, _) = hub(&world, Fault::None, 8, NEVER);
    world.ledger.append(&varied(&world, 1, 500)).await.unwrap();
    let ctx = world.ctx();
    let mut request = after(0);
    request.filter.types = vec!["NeverBefore".to_owned()];
    let mut feed = hub.feed(&ctx, request).await;
    let opened = ctx.statements().get();
    for round in 0..5 {
        world
            .ledger
            .append(&varied(&world, round, 7))
            .await
            .unwrap();
        let mut wanted = varied(&world, 99 + round, 1);
        wanted[0].event_type = "NeverBefore".to_owned();
        let appended = world.ledger.append(&wanted).await.unwrap();
        assert_eq!(event(&mut feed).await, appended[0].sequence);
    }
    let read = ctx.statements().get() - opened;
    assert!((1..=2).contains(&read), "{read} statements");
}

//! The ledger as a list.

use sluice_kernel::{Ctx, Direction, PageArgs, PageRequest};
use sluice_ledger::{EVENT_ORDER, EventFilter, LedgerError};
use sluice_schema::{RepositoryId, Scope, TypedId, events::RepositoryArchived};
use sluice_testkit::{Backend, User, on_both_databases};

use crate::world::{World, start};

on_both_databases!(
    pages_in_both_directions_and_from_both_ends_cover_every_event_once,
    a_filter_shows_what_matches_all_of_its_parts,
    events_of_other_projects_and_tenants_are_not_there,
    events_by_subject_take_one_statement,
    reading_needs_the_right_to_read,
);

// Thirty events: three projects, two actors, five workflows, one second apart.
async fn filled(backend: Backend) -> World {
    let world = World::fresh(backend).await;
    let mut drafts = Vec::new();
    for number in 0..30 {
        let payload = RepositoryArchived {
            repository_id: RepositoryId::generate(),
            name: format!("r{number}"),
        };
        let mut draft = world
            .event(&payload)
            .project(["web", "api", "ops"][number % 3])
            .actor(["ada", "rita"][number % 2])
            .correlation(&format!("c{}", number % 5));
        draft.0.subject.id = format!("s{}", number % 6);
        if number % 10 == 0 {
            draft = draft.module("greeter");
            draft.0.event_type = "RepositoryUpdated".to_owned();
        }
        drafts.push(draft);
    }
    world.append_all(drafts).await;
    world
}

async fn list(world: &World, ctx: &Ctx, filter: &EventFilter) -> Vec<u64> {
    let page = PageRequest::first(200);
    let found = world
        .ledger
        .events(ctx, filter, Direction::Ascending, &page)
        .await;
    let found: Vec<u64> = found.unwrap().items.iter().map(|e| e.sequence).collect();
    let count = world.ledger.count_events(ctx, filter).await.unwrap();
    assert_eq!(count, found.len() as u64, "{filter:?}");
    found
}

async fn pages_in_both_directions_and_from_both_ends_cover_every_event_once(backend: Backend) {
    let world = filled(backend).await;
    let ctx = world.ctx();
    for direction in [Direction::Ascending, Direction::Descending] {
        for backward in [false, true] {
            let mut seen: Vec<u64> = Vec::new();
            let mut cursor = None;
            loop {
                let (first, last) = if backward {
                    (None, Some(7))
                } else {
                    (Some(7), None)
                };
                let (after, before) = if backward {
                    (None, cursor)
                } else {
                    (cursor, None)
                };
                let args = PageArgs {
                    first,
                    last,
                    after,
                    before,
                };
                let request = PageRequest::new(&args, EVENT_ORDER, direction).unwrap();
                let all = EventFilter::default();
                let page = world
                    .ledger
                    .events(&ctx, &all, direction, &request)
                    .await
                    .unwrap();
                let sequences = page.items.iter().map(|event| event.sequence);
                if backward {
                    seen.splice(0..0, sequences);
                } else {
                    seen.extend(sequences);
                }
                let edge = if backward {
                    page.cursors.first()
                } else {
                    page.cursors.last()
                };
                cursor = edge.map(|cursor| cursor.encode());
                if !(if backward {
                    page.has_previous
                } else {
                    page.has_next
                }) {
                    break;
                }
            }
            let mut expected: Vec<u64> = (1..=30).collect();
            if direction == Direction::Descending {
                expected.reverse();
            }
            assert_eq!(seen, expected, "{direction:?} {backward}");
        }
    }
}

async fn a_filter_shows_what_matches_all_of_its_parts(backend: Backend) {
    let world = filled(backend).await;
    let ctx = world.ctx();
    let texts = |values: &[&str]| values.iter().map(ToString::to_string).collect::<Vec<_>>();
    let second = |seconds| Some(start() + chrono::TimeDelta::seconds(seconds));
    let any = EventFilter::default;
    for (filter, expected) in [
        (
            EventFilter {
                types: texts(&["RepositoryUpdated"]),
                ..any()
            },
            vec![1, 11, 21],
        ),
        (
            EventFilter {
                module_ids: texts(&["greeter"]),
                ..any()
            },
            vec![1, 11, 21],
        ),
        (
            EventFilter {
                subject_ids: texts(&["s1"]),
                ..any()
            },
            vec![2, 8, 14, 20, 26],
        ),
        (
            EventFilter {
                subject_ids: texts(&["s1", "s2"]),
                since: second(20),
                ..any()
            },
            vec![21, 26, 27],
        ),
        (
            EventFilter {
                subject_kinds: texts(&["Branch"]),
                ..any()
            },
            vec![],
        ),
        (
            EventFilter {
                correlation_ids: texts(&["c4"]),
                actors: texts(&["rita"]),
                ..any()
            },
            vec![10, 20, 30],
        ),
        (
            EventFilter {
                project_ids: texts(&["api", "ops"]),
                until: second(5),
                ..any()
            },
            vec![2, 3, 5],
        ),
        (
            EventFilter {
                since: second(3),
                until: second(5),
                ..any()
            },
            vec![4, 5],
        ),
    ] {
        assert_eq!(list(&world, &ctx, &filter).await, expected, "{filter:?}");
    }
}

async fn events_of_other_projects_and_tenants_are_not_there(backend: Backend) {
    let world = filled(backend).await;
    let ctx = world.ctx_of(&["web", "nothing"]);
    let all = EventFilter::default();
    let mine = list(&world, &ctx, &all).await;
    assert_eq!(mine, [1, 4, 7, 10, 13, 16, 19, 22, 25, 28]);
    let project_ids = vec!["api".to_owned()];
    let foreign = EventFilter {
        project_ids,
        ..all.clone()
    };
    assert!(list(&world, &ctx, &foreign).await.is_empty());
    let globex = User::of("globex", "gus").ctx();
    assert!(list(&world, &globex, &all).await.is_empty());
}

async fn events_by_subject_take_one_statement(backend: Backend) {
    let world = filled(backend).await;
    let ctx = world.ctx();
    let subjects = ["s0", "s3", "s9"].map(str::to_owned);
    let (all, page) = (EventFilter::default(), PageRequest::first(2));
    let newest = Direction::Descending;
    let before = ctx.statements().get();
    let pages = world
        .ledger
        .events_of(&ctx, &subjects, &all, newest, &page)
        .await
        .unwrap();
    assert_eq!(ctx.statements().get() - before, 1);
    let of = |subject: &str| -> Vec<u64> {
        let page = &pages[subject];
        assert!(page.has_next);
        page.items.iter().map(|event| event.sequence).collect()
    };
    assert_eq!(
        (of("s0"), of("s3"), pages.len()),
        (vec![25, 19], vec![28, 22], 2)
    );
    let counts = world
        .ledger
        .count_events_of(&ctx, &subjects, &all)
        .await
        .unwrap();
    assert_eq!((counts["s0"], counts["s3"], counts.len()), (5, 5, 2));
    let ctx = world.ctx_of(&["api"]);
    let pages = world
        .ledger
        .events_of(&ctx, &subjects, &all, newest, &page)
        .await
        .unwrap();
    assert!(pages.is_empty(), "they are of other projects: {pages:?}");
}

async fn reading_needs_the_right_to_read(backend: Backend) {
    let world = World::fresh(backend).await;
    let unable = world.user.clone().with_scopes(&[Scope::CommitsWrite]).ctx();
    let (all, page) = (EventFilter::default(), PageRequest::first(1));
    let ledger = &world.ledger;
    let way = Direction::Ascending;
    let denied = [
        ledger.events(&unable, &all, way, &page).await.map(drop),
        ledger.count_events(&unable, &all).await.map(drop),
        ledger
            .events_of(&unable, &[], &all, way, &page)
            .await
            .map(drop),
        ledger.count_events_of(&unable, &[], &all).await.map(drop),
        ledger.head(&unable).await.map(drop),
    ];
    for outcome in denied {
        assert!(
            matches!(outcome, Err(LedgerError::Denied(_))),
            "{outcome:?}"
        );
    }
}

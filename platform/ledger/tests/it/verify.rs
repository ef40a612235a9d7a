//! Holding the ledger against its hashes.

use sluice_kernel::{Direction, PageRequest};
use sluice_ledger::{EventFilter, LedgerError, Verification, ViolationKind};
use sluice_schema::Scope;
use sluice_testkit::{Backend, on_both_databases};

use crate::{stream::mixed, world::World};

on_both_databases!(
    what_was_appended_is_whole,
    every_altered_column_is_found,
    a_removed_event_is_a_hole,
    events_removed_from_the_end_are_missed,
    an_event_that_was_added_behind_the_ledgers_back_is_found,
    an_event_that_was_made_anew_with_its_hash_no_longer_fits_the_next_one,
    a_part_of_the_ledger_is_held_against_the_event_before_it,
    another_tenants_damage_is_not_the_callers,
    verification_needs_the_right_to_read_and_a_range,
);

async fn filled(backend: Backend) -> World {
    let world = World::fresh(backend).await;
    let events = mixed(&world, 7, 40);
    for batch in events.chunks(9) {
        world.ledger.append(batch).await.unwrap();
    }
    world
}

async fn verify(world: &World, from: Option<u64>, to: Option<u64>) -> Verification {
    world.ledger.verify(&world.ctx(), from, to).await.unwrap()
}

async fn found(world: &World) -> Option<(u64, ViolationKind)> {
    let violation = verify(world, None, None).await.violation;
    violation.map(|violation| (violation.sequence, violation.kind))
}

async fn what_was_appended_is_whole(backend: Backend) {
    let world = filled(backend).await;
    let whole = verify(&world, None, None).await;
    let head = world.ledger.head(&world.ctx()).await.unwrap();
    assert_eq!(whole.violation, None);
    assert_eq!((whole.from, whole.to, whole.checked), (1, 40, 40));
    assert_eq!(whole.hash, head.hash);
    let empty = World::fresh(backend).await;
    let whole = verify(&empty, None, None).await;
    assert_eq!((whole.to, whole.checked, whole.violation), (0, 0, None));
    let large = World::fresh(backend).await;
    large.ledger.append(&mixed(&large, 8, 4_100)).await.unwrap();
    let whole = verify(&large, None, None).await;
    assert_eq!((whole.checked, whole.violation), (4_100, None));
}

async fn every_altered_column_is_found(backend: Backend) {
    let world = filled(backend).await;
    for (column, value) in [
        ("event_id", "'no event'"),
        ("event_type", "'Other'"),
        ("schema_version", "schema_version + 1"),
        ("project_id", "'other'"),
        ("module_id", "''"),
        ("subject_kind", "'Other'"),
        ("subject_id", "'other'"),
        ("actor_kind", "'ROBOT'"),
        ("actor_id", "'mallory'"),
        ("trace_id", "''"),
        ("correlation_id", "''"),
        ("causation_id", "'x'"),
        ("occurred_at", "occurred_at + 1"),
        ("payload", "payload || ' '"),
        ("hash", "'0'"),
    ] {
        world
            .sql("CREATE TABLE kept AS SELECT * FROM ledger_event")
            .await;
        let sql = format!("UPDATE ledger_event SET {column} = {value} WHERE sequence = 17");
        assert_eq!(world.sql(&sql).await, 1);
        let expected = Some((17, ViolationKind::Altered));
        assert_eq!(found(&world).await, expected, "{column}");
        world.sql("DELETE FROM ledger_event").await;
        world
            .sql("INSERT INTO ledger_event SELECT * FROM kept")
            .await;
        world.sql("DROP TABLE kept").await;
        assert_eq!(found(&world).await, None);
    }
}

async fn a_removed_event_is_a_hole(backend: Backend) {
    let world = filled(backend).await;
    world
        .sql("DELETE FROM ledger_event WHERE sequence = 12")
        .await;
    assert_eq!(found(&world).await, Some((12, ViolationKind::Missing)));
    world
        .sql("UPDATE ledger_event SET sequence = 12 WHERE sequence = 40")
        .await;
    assert_eq!(found(&world).await, Some((12, ViolationKind::Altered)));
}

async fn events_removed_from_the_end_are_missed(backend: Backend) {
    let world = filled(backend).await;
    world
        .sql("DELETE FROM ledger_event WHERE sequence > 35")
        .await;
    assert_eq!(found(&world).await, Some((36, ViolationKind::Truncated)));
    let part = verify(&world, None, Some(35)).await;
    assert_eq!((part.checked, part.violation), (35, None));
    world.sql("DELETE FROM ledger_event").await;
    assert_eq!(found(&world).await, Some((1, ViolationKind::Truncated)));
}

async fn an_event_that_was_added_behind_the_ledgers_back_is_found(backend: Backend) {
    let world = filled(backend).await;
    world.sql("UPDATE ledger_head SET sequence = 39").await;
    assert_eq!(found(&world).await, Some((40, ViolationKind::Truncated)));
    world.sql("DELETE FROM ledger_head").await;
    assert_eq!(found(&world).await, Some((1, ViolationKind::Truncated)));
}

async fn an_event_that_was_made_anew_with_its_hash_no_longer_fits_the_next_one(backend: Backend) {
    let (world, other) = (filled(backend).await, World::fresh(backend).await);
    // The same ledger but for its last event.
    let mut events = Vec::new();
    let (ctx, all, page) = (world.ctx(), EventFilter::default(), PageRequest::first(200));
    let rows = world.ledger.events(&ctx, &all, Direction::Ascending, &page);
    for event in rows.await.unwrap().items {
        events.push(event.envelope.clone());
    }
    events[39].actor.id = "mallory".to_owned();
    let forged = other.ledger.append(&events).await.unwrap();
    let hash = &forged[39].hash;
    let sql = format!(
        "UPDATE ledger_event SET actor_id = 'mallory', hash = '{hash}' WHERE sequence = 40"
    );
    world.sql(&sql).await;
    assert_eq!(found(&world).await, Some((40, ViolationKind::Truncated)));
    world
        .append_all([crate::world::Draft(mixed(&world, 9, 1).remove(0))])
        .await;
    assert_eq!(found(&world).await, Some((41, ViolationKind::Altered)));
}

async fn a_part_of_the_ledger_is_held_against_the_event_before_it(backend: Backend) {
    let world = filled(backend).await;
    let part = verify(&world, Some(10), Some(20)).await;
    assert_eq!((part.from, part.to, part.checked), (10, 20, 11));
    assert_eq!(part.violation, None);
    let beyond = verify(&world, Some(90), None).await;
    assert_eq!((beyond.checked, beyond.violation), (0, None));
    world
        .sql("UPDATE ledger_event SET hash = '0' WHERE sequence = 9")
        .await;
    let part = verify(&world, Some(10), Some(20)).await;
    assert_eq!(part.violation.unwrap().kind, ViolationKind::Unchained);
    assert_eq!(verify(&world, Some(11), None).await.violation, None);
    world
        .sql("DELETE FROM ledger_event WHERE sequence = 9")
        .await;
    let part = verify(&world, Some(10), Some(20)).await.violation.unwrap();
    assert_eq!((part.sequence, part.kind), (9, ViolationKind::Missing));
}

async fn another_tenants_damage_is_not_the_callers(backend: Backend) {
    let world = filled(backend).await;
    let globex = sluice_testkit::User::of("globex", "gus").ctx();
    let mut events = mixed(&world, 9, 5);
    for event in &mut events {
        event.tenant_id = "globex".parse().unwrap();
    }
    world.ledger.append(&events).await.unwrap();
    world
        .sql("UPDATE ledger_event SET payload = '{}' WHERE tenant_id = 'globex'")
        .await;
    assert_eq!(found(&world).await, None);
    let damaged = world.ledger.verify(&globex, None, None).await.unwrap();
    assert_eq!(
        (damaged.checked, damaged.violation.unwrap().sequence),
        (0, 1)
    );
}

async fn verification_needs_the_right_to_read_and_a_range(backend: Backend) {
    let world = filled(backend).await;
    let unable = world.user.clone().with_scopes(&[Scope::CommitsWrite]).ctx();
    let denied = world.ledger.verify(&unable, None, None).await;
    assert!(matches!(denied, Err(LedgerError::Denied(_))), "{denied:?}");
    for (from, to, field) in [(Some(0), None, "from"), (Some(5), Some(4), "to")] {
        let refused = world.ledger.verify(&world.ctx(), from, to).await;
        let Err(LedgerError::Invalid { field: named, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(named, field);
    }
}

//! Read models that are made anew.

use sluice_ledger::{Ledger, Rebuilt};
use sluice_testkit::{Backend, on_both_databases};

use crate::{stream::mixed, world::World};

on_both_databases!(
    a_rebuild_of_what_was_appended_comes_out_equal,
    a_rebuild_repairs_what_was_damaged,
    a_rebuild_leaves_other_tenants_alone,
    events_that_are_appended_during_rebuilds_are_in_the_read_models,
    readers_see_the_old_read_models_until_a_rebuild_ends,
);

async fn rebuild(world: &World) -> Rebuilt {
    let tenant = "acme".parse().unwrap();
    world.ledger.rebuild(&tenant).await.unwrap()
}

fn digests(rebuilt: &Rebuilt) -> Vec<(&'static str, u64, String)> {
    let tables = rebuilt.tables.iter();
    tables
        .map(|table| (table.name, table.rows, table.after.clone()))
        .collect()
}

async fn a_rebuild_of_what_was_appended_comes_out_equal(backend: Backend) {
    let world = World::fresh(backend).await;
    let events = mixed(&world, 1, 300);
    for batch in events.chunks(37) {
        world.ledger.append(batch).await.unwrap();
    }
    let rebuilt = rebuild(&world).await;
    assert!(rebuilt.is_equal(), "{rebuilt:#?}");
    assert_eq!(rebuilt.events, 300);
    let rows: u64 = rebuilt.tables.iter().map(|table| table.rows).sum();
    assert!(rows > 50, "the stream fills the read models: {rebuilt:#?}");
    for table in &rebuilt.tables {
        let sql = format!("SELECT count(*) FROM {}", table.name);
        assert_eq!(world.number(&sql).await.unsigned_abs(), table.rows);
    }
}

async fn a_rebuild_repairs_what_was_damaged(backend: Backend) {
    let world = World::fresh(backend).await;
    world.ledger.append(&mixed(&world, 2, 200)).await.unwrap();
    let whole = digests(&rebuild(&world).await);
    let sql = "UPDATE chain_pull_request SET state = 'LOST', merged_at = 1";
    assert!(world.sql(sql).await > 0);
    assert!(world.sql("DELETE FROM chain_build").await > 0);
    world
        .sql("INSERT INTO chain_repository (tenant_id, id) VALUES ('acme', 'ghost')")
        .await;
    let repaired = rebuild(&world).await;
    let wrong: Vec<_> = repaired
        .tables
        .iter()
        .filter(|table| table.before != table.after)
        .map(|table| table.name)
        .collect();
    assert_eq!(
        wrong,
        ["chain_repository", "chain_pull_request", "chain_build"]
    );
    assert!(!repaired.is_equal());
    assert_eq!(digests(&repaired), whole);
}

async fn a_rebuild_leaves_other_tenants_alone(backend: Backend) {
    let world = World::fresh(backend).await;
    let mut events = mixed(&world, 3, 120);
    for event in events.iter_mut().step_by(2) {
        event.tenant_id = "globex".parse().unwrap();
    }
    world.ledger.append(&events).await.unwrap();
    let damage = "UPDATE chain_repository SET name = 'lost'";
    assert!(world.sql(damage).await > 0);
    assert!(!rebuild(&world).await.is_equal());
    let lost = "SELECT count(*) FROM chain_repository WHERE name = 'lost' AND tenant_id = ";
    assert_eq!(world.number(&format!("{lost}'acme'")).await, 0);
    assert!(world.number(&format!("{lost}'globex'")).await > 0);
    let tenants = world.ledger.tenants().await.unwrap();
    let names: Vec<_> = tenants.iter().map(|tenant| tenant.as_str()).collect();
    assert_eq!(names, ["acme", "globex"]);
}

async fn events_that_are_appended_during_rebuilds_are_in_the_read_models(backend: Backend) {
    let world = World::fresh(backend).await;
    let events = mixed(&world, 4, 400);
    let (first, rest) = events.split_at(200);
    world.ledger.append(first).await.unwrap();
    let (ledger, rest) = (world.ledger.clone(), rest.to_vec());
    let writer = tokio::spawn(async move {
        for batch in rest.chunks(5) {
            ledger.append(batch).await.unwrap();
        }
    });
    let mut rebuilds = 0;
    while !writer.is_finished() {
        let rebuilt = rebuild(&world).await;
        assert!(rebuilt.is_equal(), "{rebuilt:#?}");
        rebuilds += 1;
    }
    writer.await.unwrap();
    assert!(rebuilds > 0);
    let last = rebuild(&world).await;
    assert!(last.is_equal());
    // As good as a ledger that was never rebuilt.
    let fresh = World::fresh(backend).await;
    let replay = Ledger::new(fresh.store.clone());
    replay.append(&events).await.unwrap();
    assert_eq!(digests(&rebuild(&fresh).await), digests(&last));
}

async fn readers_see_the_old_read_models_until_a_rebuild_ends(backend: Backend) {
    let world = World::fresh(backend).await;
    world.ledger.append(&mixed(&world, 5, 300)).await.unwrap();
    let sql = "SELECT count(*) AS rows FROM chain_repository WHERE tenant_id = 'acme'";
    let expected = world.number(sql).await;
    let (ledger, tenant) = (world.ledger.clone(), "acme".parse().unwrap());
    let rebuilding = tokio::spawn(async move { ledger.rebuild(&tenant).await.unwrap() });
    let ctx = world.ctx();
    while !rebuilding.is_finished() {
        let read = world.store.read_raw(&ctx).await.unwrap();
        let rows = read.query(sql, []).await.unwrap();
        let count: i64 = rows[0].try_get_by_index(0).unwrap();
        assert_eq!(count, expected);
    }
    assert!(rebuilding.await.unwrap().is_equal());
}

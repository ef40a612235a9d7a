//! Saving, events, inbox, idempotency keys.

use std::time::Duration;

use futures::future::join_all;
use sluice_kernel::{ContentDigest, IdempotencyKey};
use sluice_schema::EventId;
use sluice_store::StoreError;
use sluice_testkit::{Backend, Databases, User, on_both_databases};

use crate::thing::{Entity, event, thing};

on_both_databases!(
    a_stale_version_is_refused,
    a_dropped_transaction_leaves_neither_row_nor_event,
    a_commit_writes_row_and_events_together_and_in_order,
    a_taken_key_is_classified_as_unique,
    an_event_is_handled_for_the_first_time_once,
    parallel_writers_all_succeed,
    a_leased_outbox_offers_nothing_to_another_relay,
    an_idempotency_key_replays_or_conflicts,
);

#[tokio::test]
async fn after_a_full_disk_a_commit_is_a_commit_again() {
    let databases = Databases::fresh(Backend::Sqlite).await;
    let store = databases.open("repository").await;
    let ctx = User::of("acme", "ada").ctx();
    let tx = store.begin_raw().await.unwrap();
    // The least that SQLite takes is the present size.
    tx.query("PRAGMA max_page_count = 1", []).await.unwrap();
    let insert = "INSERT INTO inbox (consumer, event_id, handled_at) VALUES ($1, 'e', 0)";
    let full = tx.execute(insert, ["x".repeat(1_000_000).into()]).await;
    let full = full.unwrap_err();
    assert!(format!("{full:?}").contains("full"), "{full:?}");
    drop(tx);
    // One that only reads: nested, its end would leave the one around it open.
    drop(store.begin_raw().await.unwrap());
    let row = thing(&ctx, "web", "one");
    let tx = store.begin(&ctx).await.unwrap();
    tx.insert::<Entity>(row.clone()).await.unwrap();
    tx.commit([]).await.unwrap();
    let found = store.find::<Entity>(&ctx).by_id(&row.id).await.unwrap();
    assert!(found.is_some(), "no other connection sees the row");
}

async fn a_stale_version_is_refused(backend: Backend) {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("repository").await;
    let ctx = User::of("acme", "ada").ctx();
    let row = thing(&ctx, "web", "one");
    let tx = store.begin(&ctx).await.unwrap();
    tx.insert::<Entity>(row.clone()).await.unwrap();
    tx.commit([]).await.unwrap();
    let tx = store.begin(&ctx).await.unwrap();
    assert_eq!(tx.update::<Entity>(row.clone()).await.unwrap(), 2);
    tx.commit([]).await.unwrap();
    let tx = store.begin(&ctx).await.unwrap();
    let refused = tx.update::<Entity>(row).await.unwrap_err();
    assert!(
        matches!(
            refused,
            StoreError::VersionConflict {
                kind: "Repository",
                ..
            }
        ),
        "{refused:?}"
    );
}

async fn a_dropped_transaction_leaves_neither_row_nor_event(backend: Backend) {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("repository").await;
    let ctx = User::of("acme", "ada").ctx();
    let row = thing(&ctx, "web", "one");
    let tx = store.begin(&ctx).await.unwrap();
    tx.insert::<Entity>(row.clone()).await.unwrap();
    drop(tx);
    assert_eq!(
        store.find::<Entity>(&ctx).by_id(&row.id).await.unwrap(),
        None
    );
    assert_eq!(store.outbox().backlog().await.unwrap(), 0);
}

async fn a_commit_writes_row_and_events_together_and_in_order(backend: Backend) {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("repository").await;
    let ctx = User::of("acme", "ada").ctx();
    let row = thing(&ctx, "web", "one");
    let tx = store.begin(&ctx).await.unwrap();
    tx.insert::<Entity>(row.clone()).await.unwrap();
    let written = tx
        .commit([event(&row), event(&row), event(&row)])
        .await
        .unwrap();
    let claimed = store
        .outbox()
        .claim(10, Duration::from_secs(30))
        .await
        .unwrap();
    let relayed: Vec<_> = claimed.iter().map(|row| row.envelope.clone()).collect();
    assert_eq!(relayed, written);
    assert_eq!(relayed[0].tenant_id, *ctx.tenant());
    assert_eq!(relayed[0].trace_id, ctx.trace_id());
    store.outbox().complete(&claimed).await.unwrap();
    assert_eq!(store.outbox().backlog().await.unwrap(), 0);
}

async fn a_taken_key_is_classified_as_unique(backend: Backend) {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("repository").await;
    let ctx = User::of("acme", "ada").ctx();
    let tx = store.begin(&ctx).await.unwrap();
    tx.insert::<Entity>(thing(&ctx, "web", "one"))
        .await
        .unwrap();
    tx.commit([]).await.unwrap();
    let tx = store.begin(&ctx).await.unwrap();
    let refused = tx
        .insert::<Entity>(thing(&ctx, "web", "one"))
        .await
        .unwrap_err();
    assert!(refused.is_unique(), "{refused:?}");
    drop(tx);
    let other = store.begin(&ctx).await.unwrap();
    other
        .insert::<Entity>(thing(&ctx, "api", "one"))
        .await
        .unwrap();
    other.commit([]).await.unwrap();
}

async fn an_event_is_handled_for_the_first_time_once(backend: Backend) {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("repository").await;
    let ctx = User::of("acme", "ada").ctx();
    let id = EventId::generate();
    let deliveries = (0..8).map(|_| async {
        let tx = store.begin(&ctx).await.unwrap();
        let first = tx.first_delivery("branch", id).await.unwrap();
        tx.commit([]).await.unwrap();
        first
    });
    assert_eq!(
        join_all(deliveries)
            .await
            .into_iter()
            .filter(|first| *first)
            .count(),
        1
    );
    let tx = store.begin(&ctx).await.unwrap();
    assert!(
        tx.first_delivery("commit", id).await.unwrap(),
        "another consumer counts by itself"
    );
}

async fn parallel_writers_all_succeed(backend: Backend) {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("repository").await;
    let ctx = User::of("acme", "ada").ctx();
    let writers = (0..100).map(|number| {
        let (store, ctx) = (store.clone(), ctx.clone());
        tokio::spawn(async move {
            let row = thing(&ctx, "web", &format!("r{number}"));
            let tx = store.begin(&ctx).await?;
            tx.insert::<Entity>(row.clone()).await?;
            tx.commit([event(&row)]).await?;
            Ok::<_, StoreError>(())
        })
    });
    for written in join_all(writers).await {
        written.unwrap().unwrap();
    }
    assert_eq!(store.outbox().backlog().await.unwrap(), 100);
}

async fn a_leased_outbox_offers_nothing_to_another_relay(backend: Backend) {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("repository").await;
    let ctx = User::of("acme", "ada").ctx();
    for number in 0..5 {
        let row = thing(&ctx, "web", &format!("r{number}"));
        let tx = store.begin(&ctx).await.unwrap();
        tx.insert::<Entity>(row.clone()).await.unwrap();
        tx.commit([event(&row)]).await.unwrap();
    }
    let lease = Duration::from_secs(30);
    let mine = store.outbox().claim(2, lease).await.unwrap();
    assert_eq!(mine.len(), 2);
    assert!(store.outbox().claim(2, lease).await.unwrap().is_empty());
    store.outbox().release().await.unwrap();
    let again = store.outbox().claim(2, Duration::ZERO).await.unwrap();
    assert_eq!(
        again[0].position, mine[0].position,
        "a released batch is offered first"
    );
    let after = store.outbox().claim(5, lease).await.unwrap();
    assert_eq!(after.len(), 5, "a lease that ran out is free");
}

async fn an_idempotency_key_replays_or_conflicts(backend: Backend) {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("repository").await;
    let user = User::of("acme", "ada");
    let keyed = |body: &str| {
        let key = IdempotencyKey::new("k-1", ContentDigest::of(body)).unwrap();
        user.ctx().with_idempotency(key)
    };
    let ctx = keyed("a");
    let tx = store.begin(&ctx).await.unwrap();
    tx.remember("provisionRepository", "repo_1").await.unwrap();
    tx.commit([]).await.unwrap();
    let recall = |ctx| {
        let store = store.clone();
        async move { store.recall(&ctx, "provisionRepository").await }
    };
    assert_eq!(recall(keyed("a")).await.unwrap().as_deref(), Some("repo_1"));
    assert!(matches!(
        recall(keyed("b")).await,
        Err(StoreError::IdempotencyConflict)
    ));
    assert_eq!(
        store
            .recall(&keyed("a"), "archiveRepository")
            .await
            .unwrap(),
        None
    );
    let other = User::of("globex", "ada").ctx();
    let other = other.with_idempotency(IdempotencyKey::new("k-1", ContentDigest::of("a")).unwrap());
    assert_eq!(recall(other).await.unwrap(), None, "another tenant's key");
}

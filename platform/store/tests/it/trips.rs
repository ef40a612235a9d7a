//! What a read costs on PostgreSQL, and that its connection remembers nobody.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sea_orm::Condition;
use sluice_kernel::{Ctx, SystemClock};
use sluice_store::{Store, StoreConfig};
use sluice_testkit::{Backend, Databases, User, eventually};
use sqlx::{Connection, PgConnection, postgres::PgPoolOptions};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::thing::{Entity, thing};

/// Counts how often the client speaks after the server did.
#[derive(Default)]
struct Trips {
    count: AtomicU64,
    asked: AtomicBool,
}

impl Trips {
    fn passed(&self, from_client: bool) {
        if self.asked.swap(from_client, Ordering::SeqCst) != from_client && from_client {
            self.count.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn get(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    trips: Arc<Trips>,
    is_client: bool,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        trips.passed(is_client);
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

/// A way to the server on which trips are counted: the port to use, and the count.
async fn counted_way(server: u16) -> (u16, Arc<Trips>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let trips = Arc::new(Trips::default());
    let counted = trips.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
            client.set_nodelay(true).unwrap();
            server.set_nodelay(true).unwrap();
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            tokio::spawn(pump(from_client, to_server, trips.clone(), true));
            tokio::spawn(pump(from_server, to_client, trips.clone(), false));
        }
    });
    (port, counted)
}

fn url(databases: &Databases) -> String {
    let StoreConfig::Postgres { url, .. } = databases.config() else {
        unreachable!()
    };
    url.clone()
}

fn port(url: &str) -> u16 {
    let (_, rest) = url.split_once("127.0.0.1:").unwrap();
    rest.split_once('/').unwrap().0.parse().unwrap()
}

async fn at(url: String, connections: u32) -> Store {
    let config = StoreConfig::Postgres { url, connections };
    let clock = Arc::new(SystemClock);
    Store::open(&config, "repository", clock).await.unwrap()
}

async fn count(store: &Store, ctx: &Ctx) -> u64 {
    let find = store.find::<Entity>(ctx);
    find.count(Condition::all()).await.unwrap()
}

fn all_idle(store: &Store) -> bool {
    let pool = store.migration_connection().get_postgres_connection_pool();
    pool.num_idle() == pool.size() as usize
}

async fn insert(store: &Store, ctx: &Ctx, name: &str) {
    let tx = store.begin(ctx).await.unwrap();
    tx.insert::<Entity>(thing(ctx, "web", name)).await.unwrap();
    tx.commit([]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_waits_for_two_round_trips_and_gives_its_connection_back_in_a_third() {
    let databases = Databases::fresh(Backend::Postgres).await;
    databases.open("repository").await;
    let url = url(&databases);
    let (way, trips) = counted_way(port(&url)).await;
    let counted = url.replace(&format!(":{}/", port(&url)), &format!(":{way}/"));
    let store = at(counted, 2).await;
    let ctx = User::of("acme", "ada").ctx();
    // The first read connects and prepares its statement.
    count(&store, &ctx).await;
    settled(&store).await;
    let before = trips.get();
    for _ in 0..10 {
        count(&store, &ctx).await;
        settled(&store).await;
    }
    assert_eq!(trips.get() - before, 30);
}

async fn settled(store: &Store) {
    eventually("every connection came back", async || {
        all_idle(store).then_some(())
    })
    .await;
}

async fn polled<T>(polls: usize, future: impl Future<Output = T>) {
    let mut future = Box::pin(future);
    for _ in 0..polls {
        if futures::poll!(&mut future).is_ready() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// Whatever the pool holds now is outside of any transaction and sees nothing.
async fn nobody_is_remembered(store: &Store) {
    settled(store).await;
    let pool = store.migration_connection();
    let pool = pool.get_postgres_connection_pool();
    let mut held = Vec::new();
    for _ in 0..pool.size() {
        held.push(pool.acquire().await.unwrap());
    }
    for connection in &mut held {
        let sql = "SELECT coalesce(current_setting('sluice.tenant', true), ''), \
                   (SELECT count(*) FROM repository.repository)";
        let row: (String, i64) = sqlx::query_as(sql)
            .fetch_one(&mut **connection)
            .await
            .unwrap();
        assert_eq!(row, (String::new(), 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_served_one_tenant_shows_nothing_to_whoever_has_none() {
    let databases = Databases::fresh(Backend::Postgres).await;
    let store = databases.open("repository").await;
    let (acme, globex) = (
        User::of("acme", "ada").ctx(),
        User::of("globex", "bob").ctx(),
    );
    insert(&store, &acme, "one").await;
    for ctx in [&acme, &globex] {
        // Begun and given up at every point: not polled, waiting, answered.
        for polls in 0..8 {
            settled(&store).await;
            polled(polls, count(&store, ctx)).await;
            nobody_is_remembered(&store).await;
            polled(polls, store.begin(ctx)).await;
            nobody_is_remembered(&store).await;
        }
    }
    assert_eq!(count(&store, &acme).await, 1);
    assert_eq!(count(&store, &globex).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_the_server_ended_are_replaced_unnoticed() {
    let databases = Databases::fresh(Backend::Postgres).await;
    let store = databases.open("repository").await;
    let ctx = User::of("acme", "ada").ctx();
    insert(&store, &ctx, "one").await;
    let both = tokio::join!(
        count(&store, &ctx),
        count(&store, &ctx),
        count(&store, &ctx)
    );
    assert_eq!(both, (1, 1, 1));
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE application_name = 'sluice-repository' AND datname = current_database()";
    let mut plain = PgConnection::connect(&url(&databases)).await.unwrap();
    let ended: i64 = sqlx::query_scalar(end).fetch_one(&mut plain).await.unwrap();
    assert!(ended > 0);
    assert_eq!(count(&store, &ctx).await, 1);
    insert(&store, &ctx, "two").await;
    assert_eq!(count(&store, &ctx).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_cannot_write() {
    let databases = Databases::fresh(Backend::Postgres).await;
    let store = databases.open("repository").await;
    let ctx = User::of("acme", "ada").ctx();
    insert(&store, &ctx, "one").await;
    let reader = store.read_raw(&ctx).await.unwrap();
    let refused = reader
        .query("DELETE FROM repository RETURNING id", [])
        .await;
    assert!(matches!(
        refused,
        Err(sluice_store::StoreError::ReadOnly(_))
    ));
}

/// Prints what a read costs, beside one that tests its connection, begins and sets the tenant in
/// messages of their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn how_much_faster_reads_are() {
    let databases = Databases::fresh(Backend::Postgres).await;
    let store = databases.open("repository").await;
    let ctx = User::of("acme", "ada").ctx();
    insert(&store, &ctx, "one").await;
    let pool = PgPoolOptions::new().max_connections(4);
    let pool = pool.connect(&url(&databases)).await.unwrap();
    let sql = "SELECT count(*) FROM repository.repository WHERE tenant_id = $1";
    let apart = async || {
        let mut tx = pool.begin().await.unwrap();
        let scope = "SELECT set_config('sluice.tenant', $1, true)";
        sqlx::query(scope)
            .bind("acme")
            .execute(&mut *tx)
            .await
            .unwrap();
        let count: i64 = sqlx::query_scalar(sql)
            .bind("acme")
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        assert_eq!(count, 1);
    };
    for round in 0..4 {
        let begun = Instant::now();
        for _ in 0..1_000 {
            apart().await;
        }
        let old = begun.elapsed();
        let begun = Instant::now();
        for _ in 0..1_000 {
            count(&store, &ctx).await;
        }
        let new = begun.elapsed();
        let ratio = old.as_secs_f64() / new.as_secs_f64();
        let each = |all: Duration| all / 1_000;
        println!(
            "round {round}: apart {:?}, together {:?}, ratio {ratio:.2}",
            each(old),
            each(new)
        );
    }
}

//! Streams under kills: of servers, of Redis and of the subscribers' sockets, while many write.

mod followers;
mod site;
mod writers;

use std::{sync::Arc, time::Duration};

use rand::{Rng, SeedableRng, rngs::StdRng};
use sluice_testkit::Backend;

use followers::{Followers, Retention};
use site::Site;

const WRITERS: usize = 500;
const FOLLOWERS: usize = 100;
const LEAST_KILLS: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Servers {
    One,
    Two,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_sees_everything_once_in_one_process() {
    run(Backend::Sqlite, Servers::One, Retention::Everything).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_sees_everything_once_from_one_server_with_redis() {
    run(Backend::Postgres, Servers::One, Retention::Everything).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_sees_everything_once_from_two_servers_with_redis() {
    run(Backend::Postgres, Servers::Two, Retention::Everything).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_retention_ended_everybody_is_told_of_the_gap() {
    run(Backend::Sqlite, Servers::One, Retention::Newest(60)).await;
}

async fn run(backend: Backend, servers: Servers, retention: Retention) {
    let seed = rand::random::<u64>();
    eprintln!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut site = Site::start(backend, servers, retention).await;
    let bases = site.bases();
    let followers = Followers::start(&site, FOLLOWERS, retention, seed);
    let writers = writers::start(&site, WRITERS, Arc::new(bases)).await;
    let mut kills = 0;
    while kills < LEAST_KILLS || !writers.is_finished() {
        let moment = Duration::from_millis(random.random_range(200..2_000));
        tokio::time::sleep(moment).await;
        site.kill_something(&mut random).await;
        kills += 1;
    }
    writers.await.expect("all have written");
    site.at_rest().await;
    let events = site.events().await;
    let branches = events
        .iter()
        .filter(|event| event.kind == "BranchCreated")
        .count();
    eprintln!(
        "{} events, {branches} branches, {kills} kills",
        events.len()
    );
    assert!(branches >= WRITERS, "{branches} of seed {seed}");
    followers.finish(&events, seed).await;
    site.finish().await;
}

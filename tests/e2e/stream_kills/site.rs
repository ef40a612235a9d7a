//! The servers, and what happens to them.

use std::time::Duration;

use rand::{Rng, rngs::StdRng};
use serde_json::json;
use sluice_testkit::{Backend, RedisServer, Server, eventually_within};

use super::{Servers, followers::Retention};
use crate::support::{PROGRAM, ada};

const PATIENCE: Duration = Duration::from_secs(180);

/// An event, as far as it decides who sees it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    pub(super) sequence: u64,
    pub(super) project: String,
    pub(super) kind: String,
}

/// Servers of one installation, and their Redis.
pub(super) struct Site {
    pub(super) servers: Vec<Server>,
    redis: Option<RedisServer>,
}

impl Site {
    pub(super) async fn start(backend: Backend, servers: Servers, retention: Retention) -> Self {
        let redis = (backend == Backend::Postgres).then(RedisServer::start);
        let url = redis.as_ref().map(RedisServer::url);
        let events = retention.events().to_string();
        let mut settings = vec![
            ("SLUICE_STREAM_RETENTION", events.as_str()),
            // Those who are behind read the ledger, and those who hear nothing look at it.
            ("SLUICE_STREAM_RECENT", "64"),
        ];
        if let Some(url) = &url {
            settings.push(("SLUICE_REDIS_URL", url));
        }
        let first = Server::start_with(PROGRAM, backend, &settings).await;
        let mut all = vec![first];
        if servers == Servers::Two {
            let second = all[0].second().await;
            all.push(second);
        }
        Self {
            servers: all,
            redis,
        }
    }

    pub(super) fn bases(&self) -> Vec<String> {
        self.servers.iter().map(Server::base).collect()
    }

    /// Kills a server, all of them, Redis or its connections, and has it come back.
    pub(super) async fn kill_something(&mut self, random: &mut StdRng) {
        let away = Duration::from_millis(random.random_range(0..1_500));
        match (&self.redis, random.random_range(0..6)) {
            (Some(redis), 0 | 1) => {
                redis.stop();
                tokio::time::sleep(away).await;
                redis.start_again();
            }
            (Some(redis), 2) => drop(redis.kill_connections("pubsub")),
            (Some(redis), 3) => drop(redis.kill_connections("normal")),
            (_, 4) => {
                self.servers.iter_mut().for_each(Server::kill);
                tokio::time::sleep(away).await;
                for server in &mut self.servers {
                    server.restart().await;
                }
            }
            _ => {
                let one = random.random_range(0..self.servers.len());
                self.servers[one].kill();
                tokio::time::sleep(away).await;
                self.servers[one].restart().await;
            }
        }
    }

    /// Waits until every event has arrived, and nothing follows from any of them.
    pub(super) async fn at_rest(&self) {
        eventually_within(PATIENCE, "every event has arrived", || async {
            for server in &self.servers {
                if !server.is_at_rest().await {
                    return None;
                }
            }
            Some(())
        })
        .await;
    }

    /// Every event there is, in order.
    pub(super) async fn events(&self) -> Vec<Event> {
        let client = self.servers[0].client(&ada());
        let query = "query($after: String) { events(orderBy: { field: SEQUENCE, direction: ASC }, \
                     first: 100, after: $after) { nodes { sequence projectId eventType } \
                     pageInfo { hasNextPage endCursor } } }";
        let (mut events, mut after) = (Vec::new(), json!(null));
        loop {
            let data = client.data(query, json!({ "after": after })).await;
            for node in data["events"]["nodes"].as_array().unwrap() {
                let text = |name: &str| node[name].as_str().unwrap().to_owned();
                events.push(Event {
                    sequence: node["sequence"].as_u64().unwrap(),
                    project: text("projectId"),
                    kind: text("eventType"),
                });
            }
            let page = &data["events"]["pageInfo"];
            if page["hasNextPage"] == false {
                return events;
            }
            after = page["endCursor"].clone();
        }
    }

    pub(super) async fn finish(self) {
        for server in self.servers {
            server.finish().await;
        }
    }
}

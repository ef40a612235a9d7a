//! Subscribers who come back where they were.

use std::{ops::RangeInclusive, sync::Arc, time::Duration};

use futures::future::join_all;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use sluice_testkit::{Said, Socket, User};
use tokio::{sync::watch, task::JoinHandle, time::Instant};

use super::site::{Event, Site};

const PATIENCE: Duration = Duration::from_secs(180);
const QUERY: &str = "subscription($after: String!, $types: [String!], $project: ID) { \
    deliveryEvents(after: $after, types: $types, projectId: $project) { \
      ... on DeliveryEvent { sequence cursor projectId eventType event { hash } } \
      ... on StreamGap { from to reason cursor } } }";

/// How far back a subscription may begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Retention {
    Everything,
    Newest(u64),
}

impl Retention {
    pub(super) fn events(self) -> u64 {
        match self {
            Self::Everything => 1_000_000,
            Self::Newest(events) => events,
        }
    }
}

/// Who follows what.
#[derive(Debug, Clone)]
struct Wants {
    name: String,
    projects: Option<&'static str>,
    types: Option<[&'static str; 2]>,
    project: Option<&'static str>,
    /// Comes back with cursors, and else with numbers.
    cursors: bool,
}

impl Wants {
    // Many want the same with the same rights, and some something of their own.
    fn of(number: usize) -> Self {
        let (projects, types, project) = match number % 10 {
            0..4 => (None, None, None),
            4 | 5 => (Some("web"), None, None),
            6 | 7 => (Some("api"), None, None),
            8 => (None, Some(["BranchCreated", "RepositoryProvisioned"]), None),
            _ => (None, None, Some("web")),
        };
        Self {
            name: format!("follower-{number}"),
            projects,
            types,
            project,
            cursors: number % 4 < 2,
        }
    }

    fn user(&self) -> User {
        let user = User::of("acme", &self.name);
        match self.projects {
            Some(project) => user.in_projects(&[project]),
            None => user,
        }
    }

    fn sees(&self, event: &Event) -> bool {
        self.projects.is_none_or(|project| project == event.project)
            && self.project.is_none_or(|project| project == event.project)
            && self
                .types
                .is_none_or(|types| types.contains(&event.kind.as_str()))
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Seen {
    Event(u64),
    Gap(RangeInclusive<u64>),
}

/// One subscriber over all its sockets.
struct Follower {
    wants: Wants,
    token: String,
    bases: Arc<Vec<String>>,
    retention: Retention,
    random: StdRng,
    seen: Vec<Seen>,
    sockets: usize,
    position: u64,
    cursor: String,
    last: watch::Receiver<Option<Arc<Vec<Event>>>>,
}

/// All of them.
pub(super) struct Followers {
    running: Vec<JoinHandle<Follower>>,
    last: watch::Sender<Option<Arc<Vec<Event>>>>,
    retention: Retention,
}

impl Followers {
    pub(super) fn start(site: &Site, count: usize, retention: Retention, seed: u64) -> Self {
        let last = watch::channel(None).0;
        let bases = Arc::new(site.bases());
        let running = (0..count).map(|number| {
            let wants = Wants::of(number);
            let follower = Follower {
                token: site.servers[0].token(&wants.user()),
                wants,
                bases: bases.clone(),
                retention,
                random: StdRng::seed_from_u64(seed ^ number as u64),
                seen: Vec::new(),
                sockets: 0,
                position: 0,
                cursor: "0".to_owned(),
                last: last.subscribe(),
            };
            tokio::spawn(follower.run())
        });
        Self {
            running: running.collect(),
            last,
            retention,
        }
    }

    /// Demands that everybody sees what he may of all these events, and nothing else.
    pub(super) async fn finish(self, events: &[Event], seed: u64) {
        self.last.send_replace(Some(Arc::new(events.to_vec())));
        let ended = tokio::time::timeout(PATIENCE, join_all(self.running)).await;
        let ended = ended.unwrap_or_else(|_| panic!("somebody still waits; seed {seed}"));
        let (mut gaps, mut sockets) = (0, 0);
        for follower in ended {
            let follower = follower.expect("a follower ends well");
            sockets += follower.sockets;
            gaps += follower.check(events, seed);
        }
        eprintln!("{sockets} sockets, {gaps} gaps");
        match self.retention {
            Retention::Everything => assert_eq!(gaps, 0, "seed {seed}"),
            Retention::Newest(_) => assert!(gaps > 0, "seed {seed}: nobody was ever late"),
        }
    }
}

impl Follower {
    async fn run(mut self) -> Self {
        while !self.has_all() {
            if let Retention::Newest(_) = self.retention {
                // Long enough away, now and then, to miss something.
                let away = Duration::from_millis(self.random.random_range(0..4_000));
                tokio::time::sleep(away).await;
            }
            let base = &self.bases[self.random.random_range(0..self.bases.len())];
            match Socket::try_connect(base, &self.token).await {
                Ok(socket) => {
                    self.sockets += 1;
                    self.follow(socket).await;
                }
                // It is gone at the moment.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        self
    }

    // One socket's life; some are cut by their owner, without a word.
    async fn follow(&mut self, mut socket: Socket) {
        let number = self.position.to_string();
        let after = if self.wants.cursors {
            &self.cursor
        } else {
            &number
        };
        let variables = json!({
            "after": after, "types": self.wants.types, "project": self.wants.project,
        });
        socket.subscribe("1", QUERY, variables).await;
        let life = Duration::from_millis(self.random.random_range(50..6_000));
        let end = Instant::now() + life;
        while Instant::now() < end && !self.has_all() {
            let look = Duration::from_millis(250).min(end - Instant::now());
            match tokio::time::timeout(look, socket.next()).await {
                Err(_) => {}
                Ok(Said::Message(message)) if message["type"] == "next" => {
                    assert_eq!(message["payload"]["errors"], Value::Null, "{message}");
                    self.take(&message["payload"]["data"]["deliveryEvents"]);
                }
                Ok(Said::Message(message)) => {
                    let code = &message["payload"][0]["extensions"]["code"];
                    assert_eq!(code, "UNAVAILABLE", "{message}");
                    return;
                }
                Ok(Said::Closed { code, reason }) => {
                    // The server went without a word, in order, or asks to come again.
                    assert!([1001, 1006, 1013].contains(&code), "{code} {reason}");
                    return;
                }
            }
        }
    }

    fn take(&mut self, item: &Value) {
        let number = |name: &str| item[name].as_u64();
        let seen = match (number("sequence"), number("from"), number("to")) {
            (Some(sequence), ..) => Seen::Event(sequence),
            (None, Some(from), Some(to)) => {
                assert_eq!(item["reason"], "RETENTION", "{item}");
                Seen::Gap(from..=to)
            }
            _ => panic!("{item}"),
        };
        let (first, last) = match &seen {
            Seen::Event(sequence) => (*sequence, *sequence),
            Seen::Gap(range) => (*range.start(), *range.end()),
        };
        let (before, who) = (self.position, &self.wants.name);
        assert!(
            first > before && last >= first,
            "{who} at {before}: {seen:?}"
        );
        self.position = last;
        self.cursor = item["cursor"].as_str().unwrap().to_owned();
        self.seen.push(seen);
    }

    fn has_all(&self) -> bool {
        let last = self.last.borrow();
        let Some(events) = last.as_ref() else {
            return false;
        };
        let wanted = events.iter().rev().find(|event| self.wants.sees(event));
        wanted.is_none_or(|event| self.position >= event.sequence)
    }

    // Returns how many gaps it was told of.
    fn check(self, events: &[Event], seed: u64) -> usize {
        let gaps = self.seen.iter().filter_map(|seen| match seen {
            Seen::Gap(range) => Some(range.clone()),
            Seen::Event(_) => None,
        });
        let gaps: Vec<RangeInclusive<u64>> = gaps.collect();
        let expected = events
            .iter()
            .filter(|event| self.wants.sees(event))
            .map(|event| event.sequence)
            .filter(|sequence| !gaps.iter().any(|gap| gap.contains(sequence)));
        let seen = self.seen.iter().filter_map(|seen| match seen {
            Seen::Event(sequence) => Some(*sequence),
            Seen::Gap(_) => None,
        });
        let (expected, seen): (Vec<u64>, Vec<u64>) = (expected.collect(), seen.collect());
        assert_eq!(seen, expected, "{:?}, seed {seed}", self.wants);
        assert!(!expected.is_empty(), "{:?} had nothing to see", self.wants);
        gaps.len()
    }
}

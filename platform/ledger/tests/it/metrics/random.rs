//! Random worlds: what the ledger answers is what the events come to.

use chrono::TimeDelta;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use sluice_ledger::{DeliveryMetrics, MetricsRequest};
use sluice_schema::EnvironmentId;
use sluice_testkit::{Backend, on_both_databases};

use super::{
    brute,
    delivery::Promoted,
    source::{Pull, Story, Strategy},
};
use crate::world::{World, start};

on_both_databases!(
    figures_of_random_worlds_are_what_their_events_come_to,
    the_number_of_statements_does_not_depend_on_the_number_of_rows,
);

/// A promotion that runs in an environment, and those before it.
struct Place {
    environment: EnvironmentId,
    succeeded: Vec<Promoted>,
    declared: Option<Promoted>,
}

struct Random<'w> {
    rng: StdRng,
    story: Story<'w>,
    open: Vec<(usize, Pull)>,
    places: Vec<Place>,
}

// Module `c` shares a repository with `a`.
const MODULES: [(&str, usize); 3] = [("a", 0), ("b", 1), ("c", 0)];

impl<'w> Random<'w> {
    fn new(world: &'w World, seed: u64) -> Self {
        let mut story = Story::new(world);
        for _ in 0..2 {
            story.repo();
        }
        let places = ["staging", "prod"].map(|name| Place {
            environment: story.environment(name),
            succeeded: Vec::new(),
            declared: None,
        });
        Self {
            rng: StdRng::seed_from_u64(seed),
            story,
            open: Vec::new(),
            places: places.into(),
        }
    }

    fn wait(&mut self) {
        let ms = self.rng.random_range(1..40_000_000);
        self.story.wait(ms);
        self.story.now += TimeDelta::microseconds(self.rng.random_range(0..1_000));
    }

    fn step(&mut self) {
        self.wait();
        match self.rng.random_range(0..10) {
            0 => self.commit(),
            1 | 2 => self.open(),
            3 | 4 => self.merge(),
            5..=8 => self.deploy(),
            _ => self.roll_back(),
        }
    }

    // Any commit of the repository, now and then.
    fn reverts(&mut self, repo: usize) -> Vec<String> {
        let known: Vec<&String> = self.story.repos[repo].commits.keys().collect();
        let some = self.rng.random_bool(0.3);
        let reverted = known.choose(&mut self.rng).filter(|_| some);
        reverted.into_iter().map(|sha| (*sha).clone()).collect()
    }

    fn commit(&mut self) {
        let repo = self.rng.random_range(0..2);
        let reverts = self.reverts(repo);
        self.story.commit(repo, &reverts);
    }

    fn open(&mut self) {
        let repo = self.rng.random_range(0..2);
        // Names of branches are used again.
        let name = format!("fix-{}", self.rng.random_range(0..3));
        let mut pull = self.story.open(repo, &name);
        for _ in 0..self.rng.random_range(1..4) {
            self.wait();
            let reverts = self.reverts(repo);
            self.story.push(repo, &mut pull, &reverts);
        }
        self.open.push((repo, pull));
    }

    fn merge(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let index = self.rng.random_range(0..self.open.len());
        let (repo, pull) = self.open.swap_remove(index);
        // Some are never merged.
        if self.rng.random_bool(0.1) {
            return;
        }
        let strategies = [Strategy::Merge, Strategy::Squash, Strategy::Rebase];
        let strategy = *strategies.choose(&mut self.rng).unwrap();
        self.story.merge(repo, &pull, strategy);
    }

    fn deploy(&mut self) {
        let count = self.rng.random_range(1..=2);
        let modules: Vec<_> = MODULES.choose_multiple(&mut self.rng, count).collect();
        let mut builds = Vec::new();
        for (module, repo) in modules {
            let sha = self.commit_to_build(*repo);
            builds.push(self.story.build(*repo, &sha, module));
        }
        self.wait();
        let release = self.story.plan(&builds);
        if self.rng.random_bool(0.9) {
            self.wait();
            self.story.approve(&release);
        }
        let first = self.rng.random_range(0..2);
        for place in first..2 {
            self.wait();
            let promoted = self.story.request(self.places[place].environment, &release);
            self.promote(place, &promoted);
        }
        // Approved once more, after it was promoted.
        if self.rng.random_bool(0.1) {
            self.story.approve(&release);
        }
    }

    // The head, mostly; an older one, or one that is on no default branch.
    fn commit_to_build(&mut self, repo: usize) -> String {
        let it = &self.story.repos[repo];
        match self.rng.random_range(0..10) {
            0 => it.main.choose(&mut self.rng).unwrap().clone(),
            1 => {
                let known: Vec<&String> = it.commits.keys().collect();
                (*known.choose(&mut self.rng).unwrap()).clone()
            }
            _ => it.main.last().unwrap().clone(),
        }
    }

    fn promote(&mut self, place: usize, promoted: &Promoted) {
        // It waits for its gates and is ended there.
        if self.rng.random_bool(0.1) {
            let status = ["CANCELLED", "SUPERSEDED", "FAILED"].choose(&mut self.rng);
            self.story.fail(promoted, status.unwrap());
            return;
        }
        self.wait();
        self.story.declare(promoted);
        self.places[place].declared = Some(promoted.clone());
        self.end(place, promoted);
    }

    fn end(&mut self, place: usize, promoted: &Promoted) {
        self.wait();
        match self.rng.random_range(0..10) {
            0 => self.story.fail(promoted, "FAILED"),
            1 => self.story.fail(promoted, "ERRORED"),
            // Under way for ever.
            2 if self.rng.random_bool(0.3) => {}
            _ => {
                self.story.succeed(promoted);
                self.places[place].succeeded.push(promoted.clone());
            }
        }
    }

    fn roll_back(&mut self) {
        let place = self.rng.random_range(0..2);
        let Some(left) = self.places[place].declared.clone() else {
            return;
        };
        let count = self.rng.random_range(1..=left.modules.len());
        let modules: Vec<String> = left.modules[..count].to_vec();
        let fits =
            |it: &&Promoted| it.id != left.id && modules.iter().all(|m| it.modules.contains(m));
        let restored = self.places[place].succeeded.iter().rfind(fits);
        let Some(restored) = restored.cloned() else {
            return;
        };
        let rollback = self.story.roll_back(&left, &restored, &modules);
        self.places[place].declared = Some(rollback.clone());
        self.end(place, &rollback);
    }

    fn requests(&mut self) -> Vec<MetricsRequest> {
        let last = self.story.now - start() + TimeDelta::days(1);
        let mut requests = Vec::new();
        for _ in 0..6 {
            let days = last.num_days();
            let since = self.rng.random_range(0..days);
            let until = self.rng.random_range(since + 1..=days);
            let place = self.places.choose(&mut self.rng).unwrap();
            let module = MODULES.choose(&mut self.rng).map(|it| it.0.to_owned());
            let one = self.rng.random_bool(0.5);
            requests.push(MetricsRequest {
                project_id: "web".into(),
                module: module.filter(|_| one),
                environment_id: place.environment.to_string(),
                since: start() + TimeDelta::days(since),
                until: start() + TimeDelta::days(until.min(since + 366)),
            });
        }
        for place in &self.places {
            requests.push(MetricsRequest {
                project_id: "web".into(),
                module: None,
                environment_id: place.environment.to_string(),
                since: start(),
                until: start() + TimeDelta::days(366),
            });
        }
        requests
    }
}

/// The same but for what the order of additions changes.
fn assert_equal(seed: u64, mut found: DeliveryMetrics, mut expected: DeliveryMetrics) {
    let rate = |it: &mut DeliveryMetrics| std::mem::take(&mut it.deployments_per_day);
    let (a, b) = (rate(&mut found), rate(&mut expected));
    assert!((a - b).abs() < 1e-9, "seed {seed}: {a} a day, not {b}");
    assert_eq!(found.deployments, expected.deployments, "seed {seed}");
    assert_eq!(found.changes, expected.changes, "seed {seed}");
    assert_eq!(found.restores, expected.restores, "seed {seed}");
    assert_eq!(found, expected, "seed {seed}");
}

fn assert_counted_once(found: &DeliveryMetrics) {
    let unique = |mut keys: Vec<Vec<&str>>| {
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count, "a row is counted twice");
    };
    let deployments = found.deployments.iter();
    unique(
        deployments
            .map(|it| vec![it.promotion_id.as_str(), &it.module])
            .collect(),
    );
    let changes = found.changes.iter();
    unique(
        changes
            .map(|it| vec![it.module.as_str(), &it.repository_id, &it.sha])
            .collect(),
    );
    let restores = found.restores.iter();
    unique(
        restores
            .map(|it| vec![it.failed_promotion_id.as_str(), &it.module])
            .collect(),
    );
}

async fn figures_of_random_worlds_are_what_their_events_come_to(backend: Backend) {
    let (mut changes, mut failures, mut rework) = (0, 0, 0);
    for seed in 1..=8 {
        let world = World::fresh(backend).await;
        let mut random = Random::new(&world, seed);
        for _ in 0..120 {
            random.step();
        }
        for batch in random.story.events.chunks(50) {
            world.ledger.append(batch).await.unwrap();
        }
        for request in random.requests() {
            let expected = brute::figures(&random.story.events, &request);
            let found = world.ledger.metrics(&world.ctx(), &request).await.unwrap();
            assert_counted_once(&found);
            changes += found.changes.len();
            failures += found.restores.len();
            let repaired = found
                .deployments
                .iter()
                .filter(|it| it.rework && !it.rollback);
            rework += repaired.count();
            assert_equal(seed, found, expected);
        }
    }
    // The worlds are not empty.
    assert!(
        changes > 500 && failures > 200 && rework > 30,
        "{changes} {failures} {rework}"
    );
}

async fn the_number_of_statements_does_not_depend_on_the_number_of_rows(backend: Backend) {
    let mut counts = Vec::new();
    for steps in [0, 20, 200] {
        let world = World::fresh(backend).await;
        let mut random = Random::new(&world, 7);
        for _ in 0..steps {
            random.step();
        }
        world.ledger.append(&random.story.events).await.unwrap();
        let request = random.requests().pop().unwrap();
        let ctx = world.ctx();
        world.ledger.metrics(&ctx, &request).await.unwrap();
        counts.push(ctx.statements().get());
    }
    assert_eq!(counts, [8, 8, 8]);
}

//! Kills on the way to production: the server dies at any moment, and everything still happens
//! once.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use sluice_testkit::{Backend, Client, Server, eventually, on_both_databases};

use crate::{
    delivery_support::{INFRA, deliverable},
    prod_support::ship_to,
    ship::outcome,
    support::{ada, done, git, ok, server},
};

on_both_databases!(twenty_kills_at_random_moments_leave_every_object_once);

/// Kills in each round: the second one hits what recovers from the first.
const KILLS: u32 = 2;
const ENVIRONMENTS: [&str; 2] = ["dev", "prod"];

const CHAIN: &str = "query($p: ID!) { \
    repositories(filter: { projectId: $p, name: \"greeter\" }, first: 5) { nodes { \
      commits(first: 9, filter: { origin: AUTHORED }) { totalCount nodes { status } } \
      merges: commits(first: 9, filter: { origin: MERGE }) { totalCount } \
      pullRequests(first: 9) { totalCount nodes { status } } \
      builds(first: 9) { totalCount nodes { status } } } } \
    packages: packagePublications(filter: { projectId: $p }, first: 9) { nodes { status } } \
    images: containerImages(filter: { projectId: $p }, first: 9) { nodes { status } } \
    releases(filter: { projectId: $p }, first: 9) { nodes { status approvals { state } } } \
    plans: infrastructurePlans(filter: { projectId: $p }, first: 9) { nodes { status environment { name } } } \
    manifests: deploymentManifests(filter: { projectId: $p }, first: 9) { nodes { status environment { name } } } \
    promotions(filter: { projectId: $p }, first: 9) { nodes { status environment { name } } } \
    syncs: gitOpsSyncs(filter: { projectId: $p }, first: 9) { nodes { sync health environment { name } } } }";

/// dev and prod only: rounds are many.
async fn define(client: &Client, project: &str) {
    let definitions = [
        json!({ "projectId": project, "name": "prod", "upstream": ["dev"], "order": 40 }),
        json!({ "projectId": project, "name": "staging", "retired": true }),
        json!({ "projectId": project, "name": "test", "retired": true }),
    ];
    for input in definitions {
        done(client, "defineEnvironment", "environment { id }", input).await;
    }
}

struct Round<'a> {
    project: String,
    folder: &'a Path,
    about: String,
}

impl Round<'_> {
    /// Ships while the server is killed and started again at each of the moments.
    async fn ship(&self, server: &mut Server, moments: &[Duration]) -> String {
        let mut child = ship_to(server, self.folder, &self.project, "prod")
            .spawn()
            .unwrap();
        for moment in moments {
            let _ = tokio::time::timeout(*moment, child.wait()).await;
            server.kill();
            server.restart().await;
        }
        let (code, said) = outcome(child).await;
        if code == 4 {
            // The kill hit the run, which is not run twice unless somebody asks for it.
            let again = ship_to(server, self.folder, &self.project, "prod")
                .arg("--retry")
                .spawn();
            let (code, again) = outcome(again.unwrap()).await;
            assert_eq!(code, 0, "{}\n{said}\n{again}\n{}", self.about, server.log());
            return said + &again;
        }
        assert_eq!(code, 0, "{}\n{said}\n{}", self.about, server.log());
        said
    }

    /// Everything is there once.
    async fn check(&self, server: &Server, said: &str) {
        let client = server.client(&ada());
        let chain = eventually("the chain is at rest", || async {
            let chain = client.data(CHAIN, json!({ "p": self.project })).await;
            let repository = &chain["repositories"]["nodes"][0];
            let settled = chain["syncs"]["nodes"]
                .as_array()?
                .iter()
                .all(|it| it["sync"] == "SYNCED");
            (repository["merges"]["totalCount"] != 0 && settled).then_some(chain)
        })
        .await;
        let about = format!("{}\n{said}\n{chain:#}", self.about);
        let repository = &chain["repositories"]["nodes"][0];
        for list in ["commits", "merges", "pullRequests"] {
            assert_eq!(repository[list]["totalCount"], 1, "{list}: {about}");
        }
        assert_eq!(
            repository["commits"]["nodes"][0]["status"], "CREATED",
            "{about}"
        );
        assert_eq!(
            repository["pullRequests"]["nodes"][0]["status"], "MERGED",
            "{about}"
        );
        let builds = nodes(&repository["builds"]);
        let succeeded = builds
            .iter()
            .filter(|it| it["status"] == "SUCCEEDED")
            .count();
        let errored = builds.iter().filter(|it| it["status"] == "ERRORED").count();
        assert_eq!(
            (succeeded, succeeded + errored),
            (1, builds.len()),
            "{about}"
        );
        assert_eq!(
            chain["packages"]["nodes"],
            json!([{ "status": "PUBLISHED" }]),
            "{about}"
        );
        assert_eq!(
            chain["images"]["nodes"],
            json!([{ "status": "BUILT" }]),
            "{about}"
        );
        let release = json!({ "status": "APPROVED", "approvals": [{ "state": "VALID" }] });
        assert_eq!(chain["releases"]["nodes"], json!([release]), "{about}");
        for (list, status) in [
            ("plans", "PROVISIONED"),
            ("manifests", "RENDERED"),
            ("promotions", "SUCCEEDED"),
        ] {
            assert_eq!(
                in_each(&chain[list], "status"),
                ENVIRONMENTS.map(|it| (it, status)),
                "{list}: {about}"
            );
        }
        for (fact, value) in [("sync", "SYNCED"), ("health", "HEALTHY")] {
            assert_eq!(
                in_each(&chain["syncs"], fact),
                ENVIRONMENTS.map(|it| (it, value)),
                "{about}"
            );
        }
        let gitops = server
            .data_dir()
            .join(format!("git/acme/{}/gitops.git", self.project));
        for branch in ["main", "sluice/rendered"] {
            let count = ["rev-list", "--count", branch, "--", "environments"];
            let count = ok(&git(&gitops, &count).await);
            assert_eq!(
                count.trim(),
                "2",
                "a commit for each environment on {branch}: {about}"
            );
        }
    }
}

fn nodes(connection: &Value) -> &Vec<Value> {
    connection["nodes"].as_array().unwrap()
}

/// A fact of every object, by environment.
fn in_each<'v>(connection: &'v Value, fact: &str) -> Vec<(&'v str, &'v str)> {
    let of = |it: &'v Value| {
        (
            it["environment"]["name"].as_str().unwrap(),
            it[fact].as_str().unwrap(),
        )
    };
    let mut all: Vec<_> = nodes(connection).iter().map(of).collect();
    all.sort_unstable();
    all
}

// The moments are spread over the time that an undisturbed ship takes.
async fn twenty_kills_at_random_moments_leave_every_object_once(backend: Backend) {
    let seed = rand::random::<u64>();
    let mut random = StdRng::seed_from_u64(seed);
    let mut server = server(backend).await;
    let client = server.client(&ada());
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("module.yaml"),
        deliverable("greeter", "1.0.0"),
    )
    .unwrap();
    fs::write(folder.path().join("infra.yaml"), INFRA).unwrap();
    let rounds = match backend {
        Backend::Sqlite => 10,
        Backend::Postgres => 3,
    };
    define(&client, "calm").await;
    let calm = Round {
        project: "calm".to_owned(),
        folder: folder.path(),
        about: "undisturbed".to_owned(),
    };
    let begun = Instant::now();
    let said = calm.ship(&mut server, &[]).await;
    let time = begun.elapsed();
    calm.check(&server, &said).await;
    for round in 0..rounds {
        let project = format!("p{round}");
        define(&client, &project).await;
        let moments: Vec<_> = (0..KILLS)
            .map(|_| time.mul_f64(random.random_range(0.0..1.0)))
            .collect();
        let about = format!("round {round} of seed {seed}, killed after {moments:?}");
        let round = Round {
            project,
            folder: folder.path(),
            about,
        };
        let said = round.ship(&mut server, &moments).await;
        round.check(&server, &said).await;
    }
    tokio::time::timeout(Duration::from_secs(180), server.finish())
        .await
        .unwrap();
}
